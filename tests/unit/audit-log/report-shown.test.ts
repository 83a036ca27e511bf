import { describe, expect, test } from "@jest/globals";
import { parseAskedImage } from "#audit-log/questions/asked-image.js";
import type { QuarterReport } from "#audit-log/questions/report.js";
import { reportShown } from "#audit-log/questions/report-shown.js";
import { whoCouldShown } from "#audit-log/questions/who-could-shown.js";

const [FROM, TO] = ["2026-10-01T00:00:00.000Z", "2026-11-20T12:00:00.000Z"];
const SPAN = { firstAt: FROM, lastAt: TO };

test("a quarter's report has a table for each thing that auditors ask for, with all that is known of each line", () => {
  const checkpoints = {
    ...{
      count: 2,
      first: 3,
      firstAt: new Date(FROM),
      last: 4,
      lastAt: new Date(TO),
      mostEntries: 9,
    },
  };
  const robot = {
    ...{ login: "robot-alpha-ci", team: "alpha", createdBy: "alice", createdAt: FROM, ageDays: 50 },
    ...{ rotatedAt: null, lastUsedAt: TO, expiresAt: null, disabledAt: null },
  };
  const login = { uid: "alice", realm: "/employees", kind: "oauth2", entries: 1, pulls: 2 };
  const counted = (kind: string) => [{ kind, count: 7, ...SPAN }];
  const report = {
    ...{ quarter: "2026Q4", from: FROM, to: TO, entries: 12, changes: 1, checkpoints },
    ...{ verified: ["the audit log is whole"], notes: ["of then"], robots: [robot] },
    ...{ logins: [{ ...login, ...SPAN }], administrators: { ops: ["olga", "otto"] } },
    ...{ actions: counted("tag.pushed"), refusals: counted("tag-held") },
    ...{ failedLogins: counted("wrong"), drift: [] },
  } as unknown as QuarterReport;
  const { tables, notes } = reportShown(report);
  expect(notes).toEqual(["of then"]);
  expect(tables.map(({ title, rows }) => [title, rows])).toEqual([
    [
      "report for 2026Q4",
      [
        ["from", FROM],
        ["to", TO],
        ["entries", 12],
        ["changes of who may do what", 1],
        ["checkpoints", 2],
        ["first checkpoint", `3 at ${FROM}`],
        ["last checkpoint", `4 at ${TO}`],
        ["most entries between two checkpoints", 9],
        ["verify", "the audit log is whole"],
      ],
    ],
    ["logins", [["alice", "/employees", "oauth2", 1, 2, FROM, TO]]],
    ["robots", [["robot-alpha-ci", "alpha", "alice", FROM, 50, null, TO, null, null]]],
    ["administrators", [["ops", "olga, otto"]]],
    ["entries by action", [["tag.pushed", 7, FROM, TO]]],
    ["refusals", [["tag-held", 7, FROM, TO]]],
    ["failed logins", [["wrong", 7, FROM, TO]]],
    ["drift", []],
  ]);
  const none = { count: 0, first: null, last: null, firstAt: null, lastAt: null, mostEntries: 0 };
  const [about] = reportShown({ ...report, checkpoints: none, verified: null }).tables;
  expect(about?.rows.slice(4)).toEqual([
    ["checkpoints", 0],
    ["first checkpoint", null],
    ["last checkpoint", null],
    ["most entries between two checkpoints", 0],
  ]);
});

test("who could do something is told in words, whoever a rule means", () => {
  const rule = (who: unknown, unless: unknown = null) => ({
    ...{ rule: { id: "one", at: null }, effect: "allow", who, unless },
    patterns: [{ pattern: "alpha/**", values: { team: "alpha" } }],
  });
  const answer = {
    ...{ action: "push", repository: "alpha/app", at: TO, policy: null, tagPolicy: null },
    ...{
      logins: null,
      never: [],
      teams: {},
      settings: {},
      tagRule: null,
      decision: null,
      notes: [],
    },
    rules: [
      rule("anyone"),
      rule({ teams: ["alpha"] }, { kinds: ["robot"] }),
      { ...rule("anyone"), patterns: [{ pattern: "**", values: { team: null, user: "bob" } }] },
    ],
  };
  const { tables } = whoCouldShown(answer as never);
  expect(tables[0]?.rows).toEqual([
    ["allow", "anyone", null, "alpha/** with team alpha", "one"],
    [
      ...["allow", expect.stringContaining("alpha"), expect.stringContaining("robot")],
      ...["alpha/** with team alpha", "one"],
    ],
    ["allow", "anyone", null, "** with team any with user bob", "one"],
  ]);
});

describe("an image that is asked about", () => {
  const digest = `sha256:${"a".repeat(64)}`;

  test.each([
    [digest, { repository: null, digest }],
    [`alpha/app@${digest}`, { repository: "alpha/app", digest }],
    ["alpha/app:1.0", { repository: "alpha/app", tag: "1.0" }],
  ])("is %s", (text, image) => {
    expect(parseAskedImage(text)).toEqual(image);
  });

  test.each([
    ["alpha/app", "TAG_NAME_INVALID"],
    ["app", "TAG_NAME_INVALID"],
    ["alpha/app:", "TAG_NAME_INVALID"],
    [":1.0", "NAME_INVALID"],
    ["alpha/app@sha256:x", "DIGEST_INVALID"],
  ])("is not %s", (text, code) => {
    expect(() => parseAskedImage(text)).toThrow(expect.objectContaining({ code }));
  });
});
