import { describe, expect, test } from "@jest/globals";
import type { LedgerRecord } from "#audit-log/sql/ledger-tags.js";
import { differenceOf } from "#audit-log/verify/compare-tag.js";
import {
  continueHistory,
  parseTagEntry,
  type TagEntry,
  type TagHistory,
} from "#audit-log/verify/tag-history.js";

/**
 * A story in words: `new a`, `moved b`, `locked b`, each a second after the one before. `returned` is `restored` with
 * the date it had, `undated` is `imported` without one.
 */
function historyOf(...story: readonly string[]): TagHistory | null {
  return story.map(entryOf).reduce<TagHistory | null>(continueHistory, null);
}

function entryOf(words: string, second: number): TagEntry {
  const [what = "", digest = ""] = words.split(" ");
  const isPush = ["new", "moved", "restored", "returned", "pushed", "named"].includes(what);
  const isImport = what === "imported" || what === "undated";
  const change = what === "returned" ? "restored" : isImport ? "imported" : what;
  const isChange = isImport || what === "forgotten" || what === "again";
  return {
    action: isImport || what === "again" ? "tag.adopted" : actionOf(what, isPush),
    change: (isPush && what !== "pushed") || isChange ? change : "",
    told: what === "imported" ? TOLD : null,
    keepsDate: what === "returned" || what === "named",
    at: at(second),
    tag: "1.0",
    digest,
    by: what === "adopted" ? "" : "alice",
    isMoved: false,
  };
}

/** What an import says of a tag. */
const TOLD = { by: "olga", at: "2016-01-30T20:33:57.123456Z" };

function actionOf(what: string, isPush: boolean): TagEntry["action"] {
  if (isPush) return "tag.pushed";
  return what === "forgotten" ? "tag.deleted" : (`tag.${what}` as TagEntry["action"]);
}

const at = (second: number, micros = "000500") =>
  `2026-11-20T20:00:${String(second).padStart(2, "0")}.${micros}Z`;

/** What the ledger has after `new a`. */
const PUSHED: LedgerRecord = {
  repository: "alpha/app",
  tag: "1.0",
  digest: "a",
  origin: "pushed",
  pushedBy: "alice",
  pushedAt: at(0, "000100"),
  lockedBy: null,
  lockedAt: null,
  deletedBy: null,
  deletedAt: null,
};

describe("the entries about a tag", () => {
  test.each([
    ["new a"],
    ["new a", "moved b", "moved a", "locked a"],
    ["new a", "deleted a", "restored a", "deleted a", "restored a"],
    ["new a", "locked a", "deleted a", "restored a"],
    ["new a", "deleted a", "returned a", "deleted a", "returned a"],
    ["new a", "deleted a", "moved b"],
    ["adopted a", "moved b", "locked b"],
    ["adopted a", "named a", "locked a"],
    ["pushed a", "pushed b"],
    ["imported a", "moved b", "locked b"],
    ["imported a", "deleted a", "returned a"],
    ["adopted a", "imported a", "locked a"],
    ["new a", "deleted a", "again a"],
    ["new a", "locked a", "again a"],
  ])("%s, %s, … can follow one another", (...story) => {
    expect(historyOf(...story)?.problem).toBeNull();
  });

  test.each([
    [["new a", "new b"], `new at ${at(1)}, although it was known since ${at(0)}: it was taken`],
    [["new a", "adopted a"], `adopted at ${at(1)}, although it was known`],
    [["moved a"], `moved at ${at(0)}, although no entry says that it was there`],
    [["restored a"], `restored at ${at(0)}, although no entry`],
    [["locked a"], `locked at ${at(0)}, although no entry`],
    [["deleted a"], `deleted at ${at(0)}, although no entry`],
    [["new a", "moved a"], `moved at ${at(1)}, although it was that before`],
    [["new a", "locked a", "moved b"], `moved at ${at(2)}, although it was locked at ${at(1)}`],
    [["new a", "restored a"], `restored at ${at(1)}, although it was not deleted`],
    [["new a", "deleted a", "restored b"], `restored at ${at(2)}, with b, although it was a`],
    [["new a", "deleted a", "returned b"], `restored at ${at(2)}, with b, although it was a`],
    [["new a", "deleted b"], `deleted at ${at(1)}, with b, although it was a`],
    [["new a", "deleted a", "deleted a"], `deleted at ${at(2)}, although it was deleted`],
    [["new a", "deleted a", "locked a"], `locked at ${at(2)}, although it was deleted`],
    [["new a", "named a"], `named at ${at(1)}, although alice had pushed it`],
    [["adopted a", "named b"], `named at ${at(1)}, with b, although it was a`],
    [["new a", "again b"], `again at ${at(1)}, with b, although it was a`],
    [["adopted a", "locked a", "forgotten a"], `forgotten at ${at(2)}, although it was pushed`],
    [["adopted a", "named a", "forgotten a"], `forgotten at ${at(2)}, although it was pushed`],
    [["undated a"], `imported at ${at(0)}, without the date that it had`],
    [["new a", "imported a"], `imported at ${at(1)}, although it was pushed`],
    [["adopted a", "imported b"], `imported at ${at(1)}, with b, although it was a`],
    [["adopted a", "named a", "imported a"], `imported at ${at(2)}, although it was pushed`],
    [["imported a", "imported a"], `imported at ${at(1)}, although it was pushed`],
    [["new a", "deleted a", "imported a"], `imported at ${at(2)}, although it was pushed`],
    [["new a", "locked a", "locked a"], `locked at ${at(2)}, although it was locked`],
  ])("%j cannot: %s", (story, problem) => {
    const history = historyOf(...story);
    expect(history?.problem).toContain(problem);
    expect(historyOf(...story, "deleted a", "restored a")?.problem).toBe(history?.problem);
  });

  test("end with one that forgets what was only ever found, and with no other", () => {
    expect(historyOf("adopted a", "forgotten a")).toBeNull();
    const byNobody = continueHistory(null, { ...entryOf("new a", 0), by: "" });
    const forgotten = continueHistory(byNobody, entryOf("forgotten a", 1));
    expect(forgotten?.problem).toContain("although it was pushed or locked");
  });

  test("tell of an author and a date elsewhere together, or of neither", () => {
    const entry = entryOf("imported a", 0);
    for (const part of [{ pushedBy: TOLD.by }, { pushedAt: TOLD.at }]) {
      const detail = { change: "imported", ...part };
      const content = JSON.stringify({ ...entry, actor: { uid: "alice" }, detail });
      expect(parseTagEntry(content, false)).toEqual(entryOf("undated a", 0));
    }
  });

  test("are not those that cannot be understood, or say nothing of what a tag is", () => {
    const entry = { ...entryOf("new a", 0), actor: { uid: "alice" }, detail: { change: "new" } };
    expect(parseTagEntry(JSON.stringify(entry), false)).toEqual(entryOf("new a", 0));
    const returned = {
      ...entry,
      detail: { change: "restored", since: "2026-11-20T20:00:00.000Z" },
    };
    expect(parseTagEntry(JSON.stringify(returned), false)).toEqual(entryOf("returned a", 0));
    const detail = { change: "imported", pushedBy: TOLD.by, pushedAt: TOLD.at };
    const imported = { ...entry, action: "tag.adopted", detail };
    expect(parseTagEntry(JSON.stringify(imported), false)).toEqual(entryOf("imported a", 0));
    const claimed = JSON.stringify({ ...entry, detail: { ...detail, change: "new" } });
    expect(parseTagEntry(claimed, false)).toEqual(entryOf("new a", 0));
    // Of a tag that the registry could not read, and the ledger never had.
    const unread = JSON.stringify({ ...entry, action: "tag.deleted", digest: null, detail: {} });
    for (const content of ["nonsense", "null", JSON.stringify({ ...entry, tag: null }), unread])
      expect(parseTagEntry(content, false)).toBeNull();
    expect(parseTagEntry(JSON.stringify({ ...entry, action: "tag.refused" }), false)).toBeNull();
  });
});

describe("a tag of the ledger", () => {
  test("is as the entries say", () => {
    expect(differenceOf(PUSHED, historyOf("new a"))).toBeNull();
    expect(differenceOf(null, null)).toBeNull();
  });

  test("counts as pushed when it was adopted and then pushed again, but not the other way", () => {
    const adopted = { ...PUSHED, pushedBy: "" };
    for (const origin of ["adopted", "pushed"] as const)
      expect(differenceOf({ ...adopted, origin }, historyOf("adopted a"))).toBeNull();
    expect(differenceOf({ ...PUSHED, origin: "adopted" }, historyOf("new a"))).toBe(
      "adopted in the ledger, pushed in the audit log",
    );
  });

  test("that was adopted has the author who pushed it since, and the date of then", () => {
    const named = { ...PUSHED, origin: "adopted" } as const;
    expect(differenceOf(named, historyOf("adopted a", "named a"))).toBeNull();
    expect(differenceOf({ ...named, pushedBy: "" }, historyOf("adopted a", "named a"))).toContain(
      "pushed by nobody in the ledger, by alice in the audit log",
    );
  });

  test.each([
    [{ digest: "b" }, "b in the ledger, a in the audit log"],
    [{ pushedBy: "bob" }, "pushed by bob in the ledger, by alice in the audit log"],
    [{ pushedBy: "" }, "pushed by nobody in the ledger, by alice in the audit log"],
    [
      { pushedAt: at(0, "000501") },
      `pushed at ${at(0, "000501")} in the ledger, at ${at(0)} in the audit log`,
    ],
    [{ pushedAt: "2026-11-20T19:58:59.000000Z" }, "pushed at 2026-11-20T19:58:59.000000Z in"],
    [{ pushedAt: "infinity" }, "pushed at infinity in the ledger"],
    [{ pushedAt: "-infinity" }, "pushed at -infinity in the ledger"],
    [
      { lockedBy: "bob", lockedAt: at(1) },
      `locked by bob at ${at(1)} in the ledger, not locked in the audit log`,
    ],
    [{ lockedAt: at(1) }, `locked by nobody at ${at(1)} in the ledger, not locked`],
    [{ lockedBy: "bob" }, "locked by bob at  in the ledger, not locked in the audit log"],
    [{ deletedBy: "bob", deletedAt: at(1) }, `deleted by bob at ${at(1)} in the ledger, not`],
  ])("is found with %j", (change, difference) => {
    expect(differenceOf({ ...PUSHED, ...change }, historyOf("new a"))).toContain(difference);
  });

  test("may be hours older than its entry alone where that is dated behind one of a clock that was ahead", () => {
    const history = historyOf("new a");
    if (history === null) throw new Error("there is no history");
    const entered = (isMoved: boolean) => ({
      ...history,
      pushed: { ...history.pushed, at: "2026-11-21T06:00:00.000001Z", isMoved },
    });
    expect(differenceOf(PUSHED, entered(true))).toBeNull();
    expect(differenceOf(PUSHED, entered(false))).toContain("pushed at");
    const newer = { ...PUSHED, pushedAt: "2026-11-21T06:00:00.000002Z" };
    expect(differenceOf(newer, entered(true))).toContain("pushed at");
  });

  test("that was brought from elsewhere has the very author and date that its entry tells of", () => {
    const brought = { ...PUSHED, pushedBy: TOLD.by, pushedAt: TOLD.at };
    const history = historyOf("imported a");
    expect(differenceOf(brought, history)).toBeNull();
    expect(differenceOf({ ...brought, pushedBy: "alice" }, history)).toContain("by olga");
    for (const pushedAt of ["2016-01-30T20:33:57.123455Z", at(0, "000100")])
      expect(differenceOf({ ...brought, pushedAt }, history)).toContain(
        `at ${TOLD.at} in the audit`,
      );
    const adopted = { ...brought, origin: "adopted" } as const;
    expect(differenceOf(adopted, history)).toContain("adopted in the ledger");
  });

  test("has the date of its return, or the one it had where the entry says so", () => {
    const [returned, restored] = ["returned a", "restored a"].map((how) =>
      historyOf("new a", "deleted a", how),
    );
    expect(differenceOf(PUSHED, returned ?? null)).toBeNull();
    const later = { ...PUSHED, pushedAt: at(2, "000100") };
    expect(differenceOf(later, restored ?? null)).toBeNull();
    expect(differenceOf(later, returned ?? null)).toContain(`at ${at(0)} in the audit log`);
  });

  test("is found without the lock and the tombstone that are on record", () => {
    expect(differenceOf(PUSHED, historyOf("new a", "locked a", "deleted a"))).toBe(
      `not locked in the ledger, locked by alice at ${at(1)} in the audit log; ` +
        `not deleted in the ledger, deleted by alice at ${at(2)} in the audit log`,
    );
  });

  test("is found when there is no entry, or no row", () => {
    expect(differenceOf(PUSHED, null)).toBe("a in the ledger, no entry says so");
    expect(differenceOf(null, historyOf("new a"))).toBe("a in the audit log, not in the ledger");
  });
});
