import { describe, expect, test } from "@jest/globals";
import { changesShown, type Changes } from "#audit-log/questions/changes.js";
import { changeInWords } from "#audit-log/questions/change-in-words.js";
import { asCsv, asText } from "#audit-log/questions/table.js";
import type { WhoCould } from "#audit-log/questions/who-could.js";
import { whoCouldShown } from "#audit-log/questions/who-could-shown.js";
import { whoPulledShown } from "#audit-log/questions/who-pulled.js";
import type { RecordedEntry } from "#audit-log/recorded-entry.js";

const AT = "2026-11-20T12:00:00.000Z";

describe("an answer as people read it", () => {
  const ROWS = { title: "pulls", columns: ["uid", "count"] };

  test("has its columns below each other, says of what is not there a dash, and of nothing that there is none", () => {
    const rows = [["alice", 12], ["", null], [undefined, { a: 1 }]]; // prettier-ignore
    expect(asText({ tables: [{ ...ROWS, rows }], notes: ["of then"] })).toBe(
      'pulls:\n  uid    count\n  alice  12\n  -      -\n  -      {"a":1}\n\nof then\n',
    );
    expect(asText({ tables: [{ ...ROWS, rows: [] }], notes: [] })).toBe("pulls: none\n");
  });

  test("prints no control characters of a stranger's", () => {
    const text = asText({ tables: [{ ...ROWS, rows: [["\u001b[2Jalice", 1]] }], notes: ["\u0007"] }); // prettier-ignore
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test("begins each line of its CSV with the name of the table", () => {
    const table = { ...ROWS, rows: [["=alice", 1]] };
    const lines = asCsv({ tables: [table], notes: ["of then"] }).split("\r\n");
    expect(lines[0]).toBe("table,uid,count");
    expect(lines[1]).toMatch(/^pulls,"?'=alice"?,1$/);
    expect(lines[2]).toBe("note,of then");
  });
});

describe("what changed", () => {
  const CHANGE = { at: AT, action: "policy.changed", subject: "POLICY_FILE", by: "file" };
  const answer = (what: string[], hasMore = false): Changes => ({
    ...{ from: AT, to: AT, changes: [{ ...CHANGE, what }], hasMore, notes: ["of then"] },
  });
  const shown = (...asked: Parameters<typeof answer>) => changesShown(answer(...asked));

  test("has a line for each thing that is otherwise, and one where nothing can be told", () => {
    expect(shown(["one", "two"]).tables[0]?.rows.map((row) => row[4])).toEqual(["one", "two"]);
    expect(shown([]).tables[0]?.rows.map((row) => row[4])).toEqual([
      "no difference that can be told",
    ]);
  });

  test("says when there is more than is told", () => {
    expect(shown([]).notes).toEqual(["of then"]);
    expect(shown([], true).notes).toEqual([
      "more than 5000 changes: the first are told",
      "of then",
    ]);
  });
});

describe("who could", () => {
  const FILE = { path: "/etc/policy.yaml", since: AT, sha256: "1" };
  const NOBODY: WhoCould = {
    ...{ action: "push", repository: "alpha/app", at: AT, policy: null, tagPolicy: null },
    ...{ logins: null, never: [], rules: [], teams: {}, settings: {}, tagRule: null },
    ...{ decision: null, notes: [] },
  };
  const titles = (answer: Partial<WhoCould>) =>
    whoCouldShown({ ...NOBODY, ...answer }).tables.map(({ title }) => title);
  const WHO = `who could push in alpha/app at ${AT}, the first that fits`;

  test("is told also where it is nobody, and what else there is to tell where there is any", () => {
    expect(titles({})).toEqual([WHO]);
    expect(titles({ never: ["robot"] })).toEqual([WHO, "could not, whatever rules say"]);
    expect(titles({ teams: { alpha: ["alice"] } })).toEqual([WHO, "teams in the logins file"]);
    expect(titles({ settings: { gateway: { MODE: "normal" } } })).toEqual([WHO, "settings"]);
    const tagRule = { name: "all", mutability: "immutable", deletable: false };
    expect(titles({ tagRule })).toEqual([WHO, "rule for the tag"]);
    expect(titles({ decision: { allow: false, reason: "no rule", trace: [] } })).toEqual([
      ...["could they", WHO],
    ]);
  });

  test("has its parts under these heads", () => {
    const tagRule = { name: "all", mutability: "immutable", deletable: false };
    const whole: Partial<WhoCould> = {
      ...{ policy: FILE, never: ["robot"], teams: { alpha: ["alice"] }, tagRule },
      ...{ settings: { gateway: { ALLOW_DELETE: "true" } } },
      decision: { allow: false, reason: "no rule", trace: [] },
    };
    const { tables } = whoCouldShown({ ...NOBODY, ...whole });
    expect(Object.fromEntries(tables.map(({ title, columns }) => [title, columns]))).toEqual({
      [WHO]: ["effect", "who", "unless", "where", "rule"],
      "could they": ["answer", "reason"],
      "could not, whatever rules say": ["kind"],
      "in force then": ["what", "file", "since", "sha256"],
      "teams in the logins file": ["team", "members"],
      settings: ["service", "name", "value"],
      "rule for the tag": ["rule", "mutability", "deletable"],
    });
  });

  test("names the files that are on record, and no others", () => {
    const { tables } = whoCouldShown({ ...NOBODY, policy: FILE });
    expect(tables.find(({ title }) => title === "in force then")?.rows).toEqual([
      ["access policy", FILE.path, AT, "1"],
    ]);
  });
});

test("who pulled says when there is more than is told", () => {
  const NONE = { digests: [], pulls: [], hasMore: false, leftOut: [], notes: ["of then"] };
  expect(whoPulledShown(NONE).notes).toEqual(["of then"]);
  const pull = {
    ...{ uid: "alice", realm: "/employees", kind: "oauth2", address: "192.0.2.7" },
    ...{ repository: "alpha/app", tag: "1.0", digest: "sha256:one", count: 3 },
    ...{ firstAt: new Date(AT), lastAt: new Date(Date.parse(AT) + 1_000) },
  };
  const leftOut = { repository: "alpha/app", records: 2, pulls: 9 };
  const [pulls, left] = whoPulledShown({ ...NONE, pulls: [pull], leftOut: [leftOut] }).tables;
  expect(pulls?.rows).toEqual([
    [
      ...["alice", "/employees", "oauth2", "192.0.2.7", "alpha/app", "1.0", "sha256:one", 3],
      ...[AT, "2026-11-20T12:00:01.000Z"],
    ],
  ]);
  expect(left?.rows).toEqual([["alpha/app", 2, 9]]);
  expect(whoPulledShown({ ...NONE, hasMore: true }).notes).toEqual([
    "more than 10000 callers: the latest are told",
    "of then",
  ]);
});

describe("a change in words", () => {
  const words = (action: string, detail: object, reason = "") =>
    changeInWords({ action, detail, reason } as RecordedEntry);

  test("is what settings were and are", () => {
    const changed = {
      ADMIN_TEAMS: { from: "alpha", to: null },
      MODE: { from: null, to: "normal" },
    };
    expect(words("settings.changed", { changed })).toEqual([
      ...["ADMIN_TEAMS: alpha → not given", "MODE: not given → normal"],
    ]);
    expect(words("settings.changed", {})).toEqual(["the first on record"]);
  });

  test("is which keys there are, which mode, and else the reason", () => {
    expect(words("key.rotated", { keys: [{ name: "gateway", keyId: "1" }] })).toEqual([
      "key gateway 1",
    ]);
    const mode = { before: "normal", mode: "read-only" };
    expect(words("mode.changed", mode, "moved")).toEqual(["normal → read-only: moved"]);
    expect(words("mode.changed", { mode: "read-only" }, "moved")[0]).toMatch(/ → read-only: moved$/); // prettier-ignore
    expect(words("tag.locked", {}, "by hand")).toEqual(["by hand"]);
  });
});
