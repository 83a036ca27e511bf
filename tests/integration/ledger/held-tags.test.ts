import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { buryTag } from "#gateway/ledger/sql/delete-tag.js";
import { lockTagRow } from "#gateway/ledger/sql/lock-tag.js";
import { reserveHeld, type TagRemoval } from "#gateway/ledger/sql/reserve-held-tag.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { commitTag, nameAuthor, releaseTag, shortenLease } from "#gateway/ledger/sql/settle-tag.js";
import type { TagPush } from "#gateway/ledger/push-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const MUTABLE = { leaseSeconds: 60, mutable: true };
const REMOVAL = { kind: "removal", leaseSeconds: 60 } as const;
const REPAIR = { kind: "repair", leaseSeconds: 60 } as const;

let db: Database;
useLedger((_ledger, pool) => {
  db = pool;
});

/** The tag that something is done to, and two beside it: of another name, and in another repository. */
const mine = tagPush("a");
beforeEach(async () => {
  for (const push of [mine, tagPush("a", { tag: "1.1" }), tagPush("a", { repository: "beta/app" })])
    await hold(push);
});

const removal = (): TagRemoval => ({
  ...{ repository: mine.repository, tag: mine.tag, actor: mine.actor },
  reservation: randomUUID(),
});
const bury = (one: TagRemoval) => db.transaction((tx) => buryTag(tx, one));
const lock = (by: string) => db.transaction((tx) => lockTagRow(tx, mine, by));
const setMine = (what: string) =>
  db.query(`update ledger.tag set ${what} where repository = $1 and name = $2`, [mine.repository, mine.tag]); // prettier-ignore

async function hold(push: TagPush): Promise<void> {
  await reserveTag(db, push, MUTABLE);
  await db.transaction((tx) => commitTag(tx, push));
}

async function rows(which: "mine" | "others"): Promise<Record<string, unknown>[]> {
  const isMine = which === "mine" ? "" : "not";
  const found = await db.query<Record<string, unknown>>(
    `select * from ledger.tag where ${isMine} (repository = $1 and name = $2) order by repository, name`,
    [mine.repository, mine.tag],
  );
  return found.rows;
}

describe("a tag is reserved for its removal or repair", () => {
  test("alone, with what it means", async () => {
    const others = await rows("others");
    expect(await reserveHeld(db, removal(), REMOVAL)).toBe(mine.digest);
    expect(await rows("mine")).toMatchObject([{ reserved_digest: mine.digest, reserved_kind: "removal" }]); // prettier-ignore
    expect(await rows("others")).toEqual(others);
  });

  test("by nobody while somebody writes it, not even when that one's lease has ended", async () => {
    await reserveTag(db, tagPush("b"), { leaseSeconds: -1, mutable: true });
    const before = await rows("mine");
    for (const how of [REMOVAL, REPAIR]) expect(await reserveHeld(db, removal(), how)).toBeNull();
    expect(await rows("mine")).toEqual(before);
  });

  test("not when it is deleted", async () => {
    await setMine("deleted_at = now(), deleted_by = 'bob'");
    for (const how of [REMOVAL, REPAIR]) expect(await reserveHeld(db, removal(), how)).toBeNull();
  });

  test("for repair alone where it is locked", async () => {
    expect(await lock("bob")).toBe(mine.digest);
    expect(await reserveHeld(db, removal(), REMOVAL)).toBeNull();
    expect(await reserveHeld(db, removal(), REPAIR)).toBe(mine.digest);
  });
});

describe("a tombstone", () => {
  test("is put by whoever has reserved the tag, and by no one who comes late", async () => {
    const others = await rows("others");
    const [late, current] = [removal(), removal()];
    await reserveHeld(db, late, REMOVAL);
    await db.transaction((tx) => releaseTag(tx, late));
    await reserveHeld(db, current, REMOVAL);
    const before = await rows("mine");
    expect(await bury(late)).toBe(false);
    expect(await rows("mine")).toEqual(before);
    expect(await bury(current)).toBe(true);
    expect(await rows("mine")).toMatchObject([
      { reservation: null, deleted_by: current.actor.uid },
    ]);
    expect(await bury(current)).toBe(false);
    expect(await rows("others")).toEqual(others);
  });
});

describe("a lock", () => {
  test("is of one tag, and of whoever locked it first", async () => {
    const others = await rows("others");
    expect(await lock("bob")).toBe(mine.digest);
    expect(await lock("eve")).toBeNull();
    expect(await rows("mine")).toMatchObject([{ locked_by: "bob" }]);
    expect(await rows("others")).toEqual(others);
  });

  test.each([
    ["a deletion is under way", () => reserveHeld(db, removal(), REMOVAL)],
    ["somebody pushes it", () => reserveTag(db, tagPush("b"), MUTABLE)],
    ["it is deleted", () => setMine("deleted_at = now(), deleted_by = 'bob'")],
  ])("is not to be had while %s", async (_what, begin) => {
    await begin();
    expect(await lock("bob")).toBeNull();
    expect(await rows("mine")).toMatchObject([{ locked_at: null }]);
  });

  test("is not to be had of what was never committed", async () => {
    const first = tagPush("a", { tag: "first" });
    await reserveTag(db, first, MUTABLE);
    expect(await db.transaction((tx) => lockTagRow(tx, first, "bob"))).toBeNull();
  });
});

describe("a commit", () => {
  test("ends what was said of the tag's content of before: that it is missing, or another one", async () => {
    const drift = tagPush("c").digest;
    const said = `missing_since = now(), missing_sightings = 2, drift_digest = '${drift}', drift_since = now()`;
    await db.query(`update ledger.tag set ${said}`);
    const others = await rows("others");
    const next = tagPush("b");
    await reserveTag(db, next, MUTABLE);
    await db.transaction((tx) => commitTag(tx, next));
    expect(await rows("mine")).toMatchObject([
      {
        ...{ digest: next.digest, missing_since: null, missing_sightings: 0 },
        ...{ drift_digest: null, drift_since: null, reservation: null },
      },
    ]);
    expect(await rows("others")).toEqual(others);
  });
});

describe("whoever pushes what was only found is named", () => {
  const name = (change: Partial<TagPush> = {}) =>
    db.transaction((tx) => nameAuthor(tx, { ...mine, ...change }));

  test("in that tag alone, and once", async () => {
    await db.query("update ledger.tag set pushed_by = ''");
    const others = await rows("others");
    expect(await name({ actor: { ...mine.actor, uid: "bob" } })).toBeInstanceOf(Date);
    expect(await name({ actor: { ...mine.actor, uid: "eve" } })).toBeNull();
    expect(await rows("mine")).toMatchObject([{ pushed_by: "bob" }]);
    expect(await rows("others")).toEqual(others);
  });

  test.each([
    ["means something else", () => Promise.resolve(), { digest: tagPush("b").digest }],
    ["is deleted", () => setMine("deleted_at = now(), deleted_by = 'bob'"), {}],
    ["is being written", () => reserveTag(db, tagPush("b"), MUTABLE), {}],
  ])("in none that %s", async (_what, begin, change) => {
    await setMine("pushed_by = ''");
    await begin();
    expect(await name(change)).toBeNull();
    expect(await rows("mine")).toMatchObject([{ pushed_by: "" }]);
  });
});

test("a lease is shortened by whom it belongs to, never made longer, and no other one with it", async () => {
  const [next, late] = [tagPush("b"), tagPush("b")];
  await reserveTag(db, next, MUTABLE);
  await reserveTag(db, tagPush("b", { tag: "1.1" }), MUTABLE);
  const [before, others] = [await rows("mine"), await rows("others")];
  await shortenLease(db, late, 1);
  await shortenLease(db, next, 3_600);
  expect(await rows("mine")).toEqual(before);
  await shortenLease(db, next, 1);
  expect(await rows("mine")).not.toEqual(before);
  expect(await rows("others")).toEqual(others);
});
