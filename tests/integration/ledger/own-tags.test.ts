import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { buryTag } from "#gateway/ledger/sql/delete-tag.js";
import { readKnownTags } from "#gateway/ledger/sql/known-tags.js";
import { lockTagRow } from "#gateway/ledger/sql/lock-tag.js";
import {
  adoptTags,
  readDeletedTags,
  readHeldTag,
  readTagMeaning,
  readTagState,
} from "#gateway/ledger/sql/read-tag.js";
import { reserveHeld } from "#gateway/ledger/sql/reserve-held-tag.js";
import {
  isReserved,
  listExpired,
  reserveTag,
  takeOverExpired,
  type TagClaim,
} from "#gateway/ledger/sql/reserve-tag.js";
import { commitTag, nameAuthor, releaseTag, shortenLease } from "#gateway/ledger/sql/settle-tag.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";
import {
  ALICE,
  APP,
  STANDING,
  BURIED,
  fillTags,
  FIRST,
  ONE,
  REPOSITORIES,
  SECOND,
  SHOP,
  THREE,
  TWO,
  written,
} from "./support/rows.js";

const KEY = { repository: APP, tag: FIRST };
const ROW = "alpha/app:first";
const THIRD = parseTag("third");
const OTHERS = [
  { repository: APP, tag: SECOND },
  { repository: SHOP, tag: FIRST },
  { repository: SHOP, tag: SECOND },
];
const MUTABLE = { leaseSeconds: 60, mutable: true };
const REMOVAL = { kind: "removal", leaseSeconds: 60 } as const;

let db: Database;
useLedger((_ledger, opened) => {
  db = opened;
});
beforeEach(() => fillTags(db));

const claimOf = (key: typeof KEY): TagClaim => ({
  ...{ ...key, reservation: randomUUID(), digest: THREE, actor: ALICE },
});
const tags = (work: () => Promise<unknown>) => written(db, "tag", work);
const set = (values: string, where = "true") =>
  db.query(`update ledger.tag set ${values} where ${where}`);

/** Somebody else pushes all others meanwhile. @returns our claim */
async function reserveAll(): Promise<TagClaim> {
  for (const key of OTHERS) await reserveTag(db, claimOf(key), MUTABLE);
  const own = claimOf(KEY);
  expect(await reserveTag(db, own, MUTABLE)).toBe("known");
  return own;
}

describe("of tags that are alike", () => {
  test.each<[string, (claim: TagClaim) => Promise<unknown>]>([
    ["committed", (claim) => db.transaction((tx) => commitTag(tx, claim))],
    ["given back", (claim) => db.transaction((tx) => releaseTag(tx, claim))],
    ["buried", (claim) => db.transaction((tx) => buryTag(tx, claim))],
    ["given less time", (claim) => shortenLease(db, claim, 1)],
  ])("one is %s, and not without its reservation", async (_what, settle) => {
    const own = await reserveAll();
    for (const repository of REPOSITORIES)
      await reserveTag(db, claimOf({ repository, tag: THIRD }), MUTABLE);
    expect(await tags(() => settle({ ...own, reservation: randomUUID() }))).toEqual([]);
    expect(await tags(() => settle(own))).toEqual([ROW]);
  });

  test("whoever gives one back is told whether it was theirs", async () => {
    const give = (claim: TagClaim) => db.transaction((tx) => releaseTag(tx, claim));
    for (const key of [KEY, { repository: APP, tag: THIRD }]) {
      const own = claimOf(key);
      await reserveTag(db, own, MUTABLE);
      expect(await give({ ...own, reservation: randomUUID() })).toBe(false);
      expect([await give(own), await give(own)]).toEqual([true, false]);
    }
  });

  test("a reservation is that of one, and its lease becomes shorter and no longer", async () => {
    const own = await reserveAll();
    expect(await isReserved(db, own)).toBe(true);
    for (const key of OTHERS) expect(await isReserved(db, { ...own, ...key })).toBe(false);
    const lasts = async (seconds: number) => {
      await shortenLease(db, own, seconds);
      const { rows } = await db.query<{ seconds: number }>(
        "select extract(epoch from reserved_until - now())::int as seconds from ledger.tag where reservation = $1",
        [own.reservation],
      );
      return rows[0]?.seconds ?? 0;
    };
    expect(await lasts(1_000)).toBeLessThanOrEqual(60);
    expect(await lasts(1)).toBeLessThanOrEqual(1);
  });

  test("one that meant nothing before is gone when it is given back, and no other one", async () => {
    const own = claimOf({ ...KEY, tag: THIRD });
    expect(await reserveTag(db, own, MUTABLE)).toBe("new");
    const freed = await tags(() => db.transaction((tx) => releaseTag(tx, own)));
    expect(freed).toEqual(["alpha/app:third"]);
    expect((await db.query("select from ledger.tag")).rows).toHaveLength(4);
  });

  test("one is locked, and not twice, nor while it is written, nor without meaning", async () => {
    const lock = (key = KEY) => db.transaction((tx) => lockTagRow(tx, key, "bob"));
    expect(await tags(() => lock({ ...KEY, tag: SECOND }))).toEqual(["alpha/app:second"]);
    await set(BURIED);
    expect(await lock()).toBeNull();
    await set(STANDING);
    const own = await reserveAll();
    expect(await lock()).toBeNull();
    await db.transaction((tx) => releaseTag(tx, own));
    expect(await tags(lock)).toEqual([ROW]);
    expect(await lock()).toBeNull();
    const free = { ...KEY, tag: THIRD };
    await reserveTag(db, claimOf(free), MUTABLE);
    expect(await db.transaction((tx) => lockTagRow(tx, free, "bob"))).toBeNull();
  });

  test.each([["removal"], ["repair"]] as const)("one is reserved for a %s", async (kind) => {
    const reserve = (reservation: string) =>
      reserveHeld(db, { ...KEY, actor: ALICE, reservation }, { kind, leaseSeconds: 60 });
    expect(await tags(() => reserve(randomUUID()))).toEqual([ROW]);
    expect(await reserve(randomUUID())).toBeNull();
    await set("reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null"); // prettier-ignore
    await set("locked_at = now(), locked_by = 'bob'");
    expect(await reserve(randomUUID())).toBe(kind === "repair" ? ONE : null);
  });

  test("one that was deleted, or means nothing yet, is reserved for no removal", async () => {
    const removal = { ...KEY, actor: ALICE, reservation: randomUUID() };
    await set(BURIED);
    expect(await reserveHeld(db, removal, REMOVAL)).toBeNull();
    await db.query("delete from ledger.tag");
    await reserveTag(db, claimOf(KEY), MUTABLE);
    expect(await reserveHeld(db, removal, REMOVAL)).toBeNull();
  });

  test("one is taken over whose lease ran out, and none that goes with its manifest", async () => {
    const take = () => takeOverExpired(db, KEY, { reservation: randomUUID(), leaseSeconds: 60 });
    await reserveAll();
    expect(await take()).toBeNull();
    await set("reserved_until = now() - interval '1 second'");
    expect(await listExpired(db, 9)).toHaveLength(4);
    expect(await tags(take)).toEqual([ROW]);
    expect(await listExpired(db, 9)).toHaveLength(3);
    await set("reserved_until = now() - interval '1 second', reserved_kind = 'manifest-removal'");
    expect(await take()).toBeNull();
    expect(await listExpired(db, 9)).toEqual([]);
  });
});

describe("of tags that were found at the registry", () => {
  beforeEach(async () => {
    await db.query("delete from ledger.tag");
    const found = [
      { tag: FIRST, digest: ONE },
      { tag: SECOND, digest: ONE },
    ];
    for (const repository of REPOSITORIES)
      await db.transaction((tx) => adoptTags(tx, repository, found));
  });
  const name = (digest = ONE) =>
    db.transaction((tx) => nameAuthor(tx, { ...KEY, digest, actor: ALICE }));

  test("one gets its author, once, by what it means", async () => {
    expect(await name(TWO)).toBeNull();
    expect(await tags(() => name())).toEqual([ROW]);
    expect(await name()).toBeNull();
  });

  test("none gets an author that was deleted, or is written at this moment", async () => {
    await set(BURIED);
    expect(await name()).toBeNull();
    await set(STANDING);
    await reserveTag(db, claimOf(KEY), MUTABLE);
    expect(await name()).toBeNull();
  });
});

describe("what is said of a tag", () => {
  /** What the others mean is something else, and so is how they stand. */
  beforeEach(() =>
    db.query(
      `update ledger.tag set digest = $1, locked_at = now(), locked_by = 'bob'
       where (repository, name) <> ($2, $3)`,
      [TWO, APP, FIRST],
    ),
  );

  test("is said of it alone", async () => {
    expect(await readTagState(db, KEY)).toMatchObject({ kind: "held", digest: ONE, locked: false });
    expect(await readHeldTag(db, KEY)).toMatchObject({ digest: ONE });
    expect(await readTagMeaning(db, KEY)).toMatchObject({ digest: ONE, locked: false });
    for (const key of OTHERS)
      for (const read of [readTagState, readHeldTag, readTagMeaning])
        expect(await read(db, key)).toMatchObject({ digest: TWO });
    const nobodys = { ...KEY, tag: THIRD };
    expect(await readTagState(db, nobodys)).toEqual({ kind: "free" });
    expect(await readHeldTag(db, nobodys)).toBeNull();
    expect(await readTagMeaning(db, nobodys)).toEqual({ kind: "unknown" });
  });

  test("is nothing that is held where it was deleted, or is pushed for the first time", async () => {
    await set(BURIED);
    expect(await readHeldTag(db, KEY)).toBeNull();
    await db.query("delete from ledger.tag");
    await reserveTag(db, claimOf(KEY), MUTABLE);
    expect(await readHeldTag(db, KEY)).toBeNull();
    expect(await readKnownTags(db, APP)).toEqual(new Map());
  });

  test("is by which digest its pusher called it, and nobody else theirs", async () => {
    const call = (repository: string, tag: string, digest: string) =>
      db.query("insert into ledger.called_tag values ($1, $2, $3, $4)", [
        ...[repository, tag, digest, THREE],
      ]);
    await call(SHOP, FIRST, ONE);
    await call(APP, SECOND, ONE);
    await call(APP, FIRST, TWO);
    expect(await readTagMeaning(db, KEY)).not.toHaveProperty("called");
    await db.query("update ledger.called_tag set digest = $1 where tag = 'first'", [ONE]);
    expect(await readTagMeaning(db, KEY)).toMatchObject({ called: THREE });
  });

  test("is listed by repository: what is known, and what was deleted", async () => {
    await set(BURIED, "repository = 'alpha/shop'");
    const names = [FIRST, SECOND, "third"];
    expect(await readDeletedTags(db, APP, names)).toEqual(new Set());
    expect(await readDeletedTags(db, SHOP, names)).toEqual(new Set([FIRST, SECOND]));
    expect(await readDeletedTags(db, SHOP, [SECOND])).toEqual(new Set([SECOND]));
    expect(await readKnownTags(db, APP)).toEqual(
      new Map([
        [FIRST, { digest: ONE, deleted: false }],
        [SECOND, { digest: TWO, deleted: false }],
      ]),
    );
  });
});
