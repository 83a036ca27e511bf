import { describe, expect, test } from "@jest/globals";
import {
  codeWith,
  exitCodeOf,
  reportAll,
  reportLog,
  reportParts,
  reportPulls,
  reportTags,
  reportUnknown,
} from "#audit-log/verify/report.js";
import type { VerifiedLog } from "#audit-log/verify/verify-log.js";

const AT = new Date("2026-11-20T20:00:00.000Z");
const FIRST = "2026-11-19T20:00:00.000001Z";
const LAST = "2026-11-20T20:00:00.000001Z";
const MANIFEST = { repository: "alpha/app", digest: "sha256:1", problem: "is another one" };
const TAG = { repository: "alpha/app", tag: "1.0", digest: "sha256:1", problem: "sha256:2 there" };
const FINDING = { chain: 3, position: 2, problem: "changed", content: "" };
const LEDGER = { checked: 1, wrong: 0, findings: [] };
const PULLS = { checked: 2, forgotten: 0, findings: [] };
const BYTES = { checked: 1, forgotten: 0, wrong: 0, findings: [] };
const CUT = { number: 4, until: AT, month: "2026-10", sha256: "x", entries: 9, at: AT };
const NONE: VerifiedLog = {
  ...{ entries: 0, from: "", to: "", uncovered: 0, findings: [], cut: null },
  checkpoints: { count: 0, last: null, signers: [], finding: null },
  rest: { ledger: LEDGER, pulls: PULLS, bytes: BYTES },
};

describe("a verified log", () => {
  test("without entries has no period, and is whole", () => {
    expect(reportLog(NONE)).toEqual([
      ...["0 entries", "0 checkpoints", "0 entries that no checkpoint covers yet"],
      "the audit log is whole",
    ]);
  });

  test("says from when to when it is, who signed it last, and what is wrong with which entry", () => {
    const last = { number: 1, at: AT, entries: 1, token: "" };
    const findings = [
      { ...FINDING, content: '{"at":1}' },
      { ...FINDING, chain: null },
      { ...FINDING, chain: null, position: 0 },
    ];
    const log = {
      ...{ ...NONE, entries: 1, from: FIRST, to: LAST, uncovered: 1, findings },
      checkpoints: { count: 1, last, signers: ["gateway, key 1"], finding: null },
    };
    expect(reportLog(log)).toEqual([
      "1 entry, from 2026-11-19T20:00:00.000Z to 2026-11-20T20:00:00.000Z",
      "1 checkpoint, the last at 2026-11-20T20:00:00.000Z",
      "  signed by gateway, key 1",
      "1 entry that no checkpoint covers yet",
      "  chain 3, entry 2: changed",
      '    {"at":1}',
      "  checkpoint 2: changed",
      "  files on record: changed",
      "THE AUDIT LOG IS BROKEN",
    ]);
  });

  test("says of the rest that it is right", () => {
    expect(reportAll(NONE).slice(4)).toEqual([
      "1 tag of the ledger compared with the audit log",
      "the ledger is as the audit log says",
      "2 days of pulls compared with the audit log",
      "who pulled is as the audit log says",
      "1 manifest of the ledger held against its digest",
      "every manifest is what its digest says",
    ]);
  });

  test("says of the rest what is wrong, and how much more of it is", () => {
    const rest = {
      ledger: { checked: 1_000, wrong: 3, findings: [TAG] },
      pulls: { ...PULLS, forgotten: 1_200, findings: [{ day: "2026-11-20", problem: "changed" }] },
      bytes: { checked: 2, forgotten: 1, wrong: 1, findings: [MANIFEST] },
    };
    expect(reportAll({ ...NONE, rest }).slice(4)).toEqual([
      "1,000 tags of the ledger compared with the audit log",
      "  alpha/app:1.0: sha256:2 there",
      "  and 2 more",
      "3 TAGS OF THE LEDGER ARE NOT AS THE AUDIT LOG SAYS",
      "2 days of pulls compared with the audit log, 1,200 before were forgotten",
      "  2026-11-20: changed",
      "THE PULLS OF 1 DAY ARE NOT AS THE AUDIT LOG SAYS",
      "2 manifests of the ledger held against their digests, 1 of which were forgotten by rule",
      "  alpha/app@sha256:1: is another one",
      "1 MANIFEST IS NOT WHAT ITS DIGEST SAYS",
    ]);
  });

  test("of which some has left for archives says what was not verified", () => {
    expect(reportAll({ ...NONE, rest: null, cut: CUT }).slice(4)).toEqual([
      "9 entries up to checkpoint 4 (2026-11-20T20:00:00.000Z, 2026-10) left for archives",
      expect.stringMatching(/^NOT VERIFIED: .*--archives FOLDER/),
    ]);
  });

  test.each<[number, string, Partial<VerifiedLog>]>([
    [0, "right", {}],
    [1, "wrong", { findings: [FINDING] }],
    [1, "wrong in the ledger", { rest: { ledger: { ...LEDGER, wrong: 1 }, pulls: PULLS, bytes: BYTES } }], // prettier-ignore
    [1, "wrong in the pulls", { rest: { ledger: LEDGER, pulls: { ...PULLS, findings: [{ day: "", problem: "" }] }, bytes: BYTES } }], // prettier-ignore
    [1, "wrong in the bytes", { rest: { ledger: LEDGER, pulls: PULLS, bytes: { ...BYTES, wrong: 1 } } }], // prettier-ignore
    [3, "right as far as it could be verified", { rest: null, cut: CUT }],
    [1, "wrong, though not all could be verified", { rest: null, cut: CUT, findings: [FINDING] }],
  ])("exits with %i where it is %s", (code, _what, known) => {
    expect(exitCodeOf({ ...NONE, ...known })).toBe(code);
  });
});

test.each([
  [reportTags({ checked: 1, wrong: 0, findings: [] }), ["1 tag compared with the registry", "every tag has the recorded digest"]], // prettier-ignore
  [reportTags({ checked: 2, wrong: 2, findings: [TAG as never] }), ["2 tags compared with the registry", "  alpha/app:1.0 is sha256:1 in the ledger, sha256:2 there", "  and 1 more", "2 TAGS ARE NOT AS RECORDED"]], // prettier-ignore
  [reportUnknown({ checked: 1, wrong: 0, findings: [] }), ["1 tag of the registry looked for in the ledger", "the ledger knows every tag of the registry"]], // prettier-ignore
  [reportUnknown({ checked: 2, wrong: 1, findings: [TAG as never] }), ["2 tags of the registry looked for in the ledger", "  alpha/app:1.0 is sha256:1 at the registry, sha256:2 there", "THE LEDGER DOES NOT KNOW 1 TAG OF THE REGISTRY"]], // prettier-ignore
  [reportParts({ checked: 1, wrong: 0, findings: [] }), ["1 manifest looked into at the registry", "every manifest has all that it needs"]], // prettier-ignore
  [reportParts({ checked: 2, wrong: 1, findings: [MANIFEST as never] }), ["2 manifests looked into at the registry", "  alpha/app@sha256:1 is another one", "1 MANIFEST LACKS SOMETHING (missing-blob)"]], // prettier-ignore
  [reportPulls({ checked: 1, forgotten: 0, findings: [] }), ["1 day of pulls compared with the audit log", "who pulled is as the audit log says"]], // prettier-ignore
])("what was found at the registry is told: %p", (told, wanted) => {
  expect(told).toEqual(wanted);
});

test.each([
  [0, [0, 0, 0], 0],
  [3, [0, 0], 3],
  [0, [1, 0, 0], 1],
  [0, [0, 1, 0], 1],
  [3, [0, 0, 2], 1],
  [1, [0], 1],
])("the exit code %i is with %j wrong at the registry %i", (code, wrong, all) => {
  const found = wrong.map((count) => ({ wrong: count }));
  expect(codeWith(code, found)).toBe(all);
});
