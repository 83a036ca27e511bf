import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkpointsBetween } from "#audit-log/sql/checkpoints-between.js";
import { cutPlaces, insertCut, removeBehind } from "#audit-log/sql/cuts.js";
import { findEntries, type EntryFilter, type EntryPage } from "#audit-log/sql/entries.js";
import { readFacts } from "#audit-log/sql/facts.js";
import { pullEntries } from "#audit-log/sql/pull-days.js";
import { BEFORE_TAG_ENTRIES, tagEntriesAfter, type TagEntryEnd } from "#audit-log/sql/tag-entries.js"; // prettier-ignore
import { BEFORE_EVENTS, tracelessEvents } from "#audit-log/sql/traceless-events.js";
import type { Database } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { APP, ONE, SHOP, TWO } from "../ledger/support/rows.js";
import { NOON, writeRaw, type RawEntry } from "./support/raw-entries.js";

let db: Database;
useLedger((_ledger, opened) => {
  db = opened;
});

/** Tables that nobody may take rows out of. */
const KEPT = ["cut_place", "cut", "checkpoint", "entry"];

beforeEach(async () => {
  for (const table of KEPT) await db.query(`alter table audit.${table} disable trigger user`);
});
afterEach(async () => {
  for (const table of KEPT) {
    await db.query(`delete from audit.${table}`);
    await db.query(`alter table audit.${table} enable trigger user`);
  }
});

const enter = (entry: RawEntry) => writeRaw(db, entry);
const placeOf = ({ chain, position }: { chain: number; position: number | string }) =>
  `${chain}/${position}`;

describe("of entries that are alike", () => {
  const found = async (filter: Partial<EntryFilter> = {}, page: Partial<EntryPage> = {}) =>
    (
      await findEntries(
        db,
        {
          ...{ since: new Date(0), until: new Date("2027-01-01"), repository: null, action: null },
          ...{ actor: null, tag: null, digest: null },
          ...filter,
        },
        { after: null, limit: 99, newestFirst: false, ...page },
      )
    ).map(placeOf);

  test("those of a stretch are found, from its first moment to before its last", async () => {
    const moments = ["11:59:59.999999", "12:00:00", "12:59:59.999999", "13:00:00"];
    for (const [index, time] of moments.entries())
      await enter({ position: index + 1, at: `2026-11-20T${time}Z` });
    const stretch = { since: new Date(NOON), until: new Date("2026-11-20T13:00:00Z") };
    expect(await found(stretch)).toEqual(["0/2", "0/3"]);
  });

  test("those of a repository, of an action, and of somebody are", async () => {
    const by = (uid: string) => ({ actor: { uid }, detail: { uid: "carol" } });
    await enter({ position: 1, content: by("alice") });
    await enter({ position: 2, repository: SHOP, content: by("alice") });
    await enter({ position: 3, repository: null, content: by("alice") });
    await enter({ position: 4, action: "tag.deleted", content: by("alice") });
    await enter({ position: 5, content: by("bob") });
    expect(await found({ repository: APP })).toEqual(["0/1", "0/4", "0/5"]);
    expect(await found({ action: "tag.pushed" })).toEqual(["0/1", "0/2", "0/3", "0/5"]);
    expect(await found({ actor: "bob" })).toEqual(["0/5"]);
    expect(await found({ actor: "carol" })).toEqual([]);
    expect(await found()).toHaveLength(5);
  });

  test("those of a page follow its last one, at one moment too, in either order", async () => {
    for (const [chain, position] of [[0, 1], [0, 2], [1, 1], [1, 2]] as const) await enter({ chain, position }); // prettier-ignore
    await enter({ chain: 2, position: 1, at: "2026-11-20T11:00:00Z" });
    await enter({ chain: 2, position: 2, at: "2026-11-20T13:00:00Z" });
    const after = { at: NOON, chain: 0, position: 2 };
    expect(await found({}, { after })).toEqual(["1/1", "1/2", "2/2"]);
    expect(await found({}, { after, newestFirst: true })).toEqual(["0/1", "2/1"]);
  });

  test("facts are those of an action without a repository, the newest first, until a moment and before one", async () => {
    const fact = { action: "keys.changed", repository: null };
    const facts = async (
      until: Date | null,
      before: { at: string; chain: number; position: number } | null,
    ) =>
      // prettier-ignore
      (await readFacts(db, "keys.changed" as never, { until, before, limit: 9 })).map(placeOf);
    await enter({ ...fact, position: 1, repository: APP });
    await enter({ ...fact, position: 2, action: "pulls.sealed" });
    for (const [chain, position] of [[0, 3], [0, 4], [1, 1]] as const) await enter({ ...fact, chain, position }); // prettier-ignore
    await enter({ ...fact, position: 5, at: "2026-11-20T13:00:00Z" });
    expect(await facts(null, null)).toEqual(["0/5", "1/1", "0/4", "0/3"]);
    expect(await facts(new Date(NOON), null)).toEqual(["1/1", "0/4", "0/3"]);
    expect(await facts(null, { at: NOON, chain: 0, position: 4 })).toEqual(["0/3"]);
  });

  test("days of pulls are told by entries of their own, the first first", async () => {
    await enter({ position: 1, action: "pulls.sealed", repository: null, content: 2 });
    await enter({ position: 2, action: "pulls.sealed", repository: null, content: 1, at: "2026-11-19T00:00:00Z" }); // prettier-ignore
    await enter({ position: 3, action: "pulls.sealed", content: 3 });
    await enter({ position: 4, action: "pulls.forgotten", repository: null, content: 4 });
    expect(await pullEntries(db, "pulls.sealed")).toEqual(["1", "2"]);
    expect(await pullEntries(db, "pulls.forgotten")).toEqual(["4"]);
  });
});

describe("of entries that say what a tag is", () => {
  const after = async (end: Partial<TagEntryEnd> = {}) =>
    (await tagEntriesAfter(db, { ...BEFORE_TAG_ENTRIES, ...end }, 9)).map(
      ({ repository, isMoved, ...row }) => `${repository} ${placeOf(row)} ${isMoved}`,
    );

  test("each follows the one before by repository, time, chain and position", async () => {
    await enter({ position: 1, repository: null });
    await enter({ position: 2, action: "tag.refused" });
    await enter({ chain: 1, position: 1, action: "tag.locked" });
    await enter({ position: 3, action: "tag.adopted" });
    await enter({ position: 4, action: "tag.deleted" });
    await enter({ position: 5, repository: SHOP, at: "2026-11-19T12:00:00Z" });
    const ALL = [APP, APP, APP, SHOP].map(
      (name, index) => `${name} ${["0/3", "0/4", "1/1", "0/5"][index]} false`,
    );
    expect(await after()).toEqual(ALL);
    expect(await after({ repository: APP, at: NOON, chain: 0, position: "3" })).toEqual(
      ALL.slice(1),
    );
    expect(await after({ repository: APP, at: NOON, chain: 0, position: "4" })).toEqual(
      ALL.slice(2),
    );
    expect(await after({ repository: APP, at: NOON, chain: 1, position: "1" })).toEqual(
      ALL.slice(3),
    );
  });

  test("one is moved that is dated a microsecond behind another one of its repository", async () => {
    await enter({ position: 1 });
    await enter({ position: 2, at: "2026-11-20T12:00:00.000001Z" });
    await enter({ position: 3, at: "2026-11-20T12:00:00.000001Z", repository: SHOP });
    await enter({ position: 4, at: "2026-11-20T12:00:00.000003Z" });
    expect(await after()).toEqual([
      ...[`${APP} 0/1 false`, `${APP} 0/2 true`, `${APP} 0/4 false`, `${SHOP} 0/3 false`],
    ]);
  });
});

describe("of events that are alike", () => {
  const ID = "00000000-0000-4000-8000-000000000001";
  const about = (tag: string | null, digest: string | null) => ({ tag, digest });
  const ENTRY = { position: 1, action: "tag.refused", content: about("first", ONE) };

  beforeEach(async () => {
    await db.query("delete from ledger.event");
    await db.query(
      `insert into ledger.event (id, action, repository, tag, digest, occurred_at, content)
       values ($1, 'refused', $2, 'first', $3, $4, '{"detail":{"recordedAs":"tag.refused"}}')`,
      [ID, APP, ONE, NOON],
    );
  });
  const traceless = async (after = BEFORE_EVENTS) =>
    (await tracelessEvents(db, after, 9)).found.map(({ id }) => id);

  test.each([
    ["is of its repository", { repository: SHOP }],
    ["is no more than a minute before it", { at: "2026-11-20T11:58:59.999999Z" }],
    ["is no more than a minute after it", { at: "2026-11-20T12:01:00.000001Z" }],
    ["is of what it was recorded as", { action: "tag.pushed" }],
    ["is of its tag", { content: about("second", ONE) }],
    ["is of a tag as it is", { content: about(null, ONE) }],
    ["is of its digest", { content: about("first", TWO) }],
  ])("the entry of one %s", async (_what, other) => {
    await enter({ ...ENTRY, ...other });
    expect(await traceless()).toEqual([ID]);
    await enter({ ...ENTRY, position: 2 });
    expect(await traceless()).toEqual([]);
  });

  test("an entry of a clock that was ahead is dated behind one of its own repository", async () => {
    await enter({ ...ENTRY, at: "2026-11-20T20:00:00.000001Z" });
    await enter({ position: 2, at: "2026-11-20T20:00:00Z", repository: SHOP });
    await enter({ position: 3, at: "2026-11-20T19:00:00Z" });
    expect(await traceless()).toEqual([ID]);
    await enter({ position: 4, at: "2026-11-20T20:00:00Z" });
    expect(await traceless()).toEqual([]);
  });

  test("each is looked at once, and so many at a time", async () => {
    expect(await traceless(ID)).toEqual([]);
    expect((await tracelessEvents(db, BEFORE_EVENTS, 1)).last).toBe(ID);
    expect((await tracelessEvents(db, BEFORE_EVENTS, 2)).last).toBeNull();
  });
});

describe("of checkpoints and cuts that are alike", () => {
  const CUT = { until: new Date(NOON), month: "2026-10", sha256: "", entries: 9 };

  test("checkpoints of a stretch are counted, from its first moment to before its last", async () => {
    for (const [index, hour] of ["11", "12", "13", "14"].entries())
      await db.query(
        "insert into audit.checkpoint (number, at, entries, token) values ($1, $2, $3, '')",
        [index + 1, `2026-11-20T${hour}:00:00Z`, [10, 12, 17, 99][index]],
      );
    const [from, to] = [new Date(NOON), new Date("2026-11-20T14:00:00Z")];
    expect(await checkpointsBetween(db, from, to)).toMatchObject({
      ...{ count: 2, first: 2, last: 3, firstAt: from, mostEntries: 5 },
    });
  });

  test("what is behind the cut goes, so many of each chain at a time, and nothing else", async () => {
    for (let position = 1; position <= 4; position += 1) {
      await enter({ position });
      await enter({ chain: 1, position: position + 4 });
    }
    await insertCut(db, { ...CUT, number: 1 }, [1, 5]);
    await insertCut(db, { ...CUT, number: 2 }, [3, 6]);
    await insertCut(db, { ...CUT, number: 3 }, [4, 8]);
    expect([...(await cutPlaces(db, 2))]).toEqual([...[[0, 3], [1, 6]]]); // prettier-ignore
    const remove = (limit: number) => db.transaction((tx) => removeBehind(tx, 2, limit));
    expect(await remove(1)).toBe(2);
    expect(await remove(9)).toBe(3);
    expect(await remove(9)).toBe(0);
    const left = await db.query<{ chain: number; position: string }>("select chain, position from audit.entry order by 1, 2"); // prettier-ignore
    expect(left.rows.map(placeOf)).toEqual(["0/4", "1/7", "1/8"]);
  });
});
