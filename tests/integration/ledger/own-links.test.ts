import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  lockAndFindDeleted,
  readBuriedParts,
  readNeedingTags,
  readUnchecked,
  readUnknownManifests,
} from "#gateway/ledger/sql/manifest-needs.js";
import { readBelonging, readReferrers } from "#gateway/ledger/sql/referrers.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import {
  buryTogether,
  holdTagsMeaning,
  readReservedTogether,
  readTagsMeaning,
  releaseTogether,
  reserveTogether,
} from "#gateway/ledger/sql/tags-of-manifest.js";
import { parseTag } from "#registry-protocol/tag.js";
import { parseDigest, type Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";
import {
  ALICE,
  APP,
  STANDING,
  BURIED,
  fillManifests,
  fillTags,
  FIRST,
  ONE,
  REPOSITORIES,
  SECOND,
  SHOP,
  THREE,
  TWO,
  updating,
  written,
} from "./support/rows.js";

const KEY = { repository: APP, digest: ONE };
const FOUR = parseDigest(`sha256:${"4".repeat(64)}`);
const ROW = "alpha/app:first";

let db: Database;
useLedger((_ledger, opened) => {
  db = opened;
});
beforeEach(async () => {
  await fillTags(db);
  await fillManifests(db);
});

const tags = (work: () => Promise<unknown>) => written(db, "tag", work);
const set = updating(() => db);
const FREE =
  "reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null, reserved_kind = null";

describe("tags of one manifest", () => {
  test("are those of its repository that mean it and were not deleted", async () => {
    const found = async () => [
      await readTagsMeaning(db, KEY, 9),
      (await db.transaction((tx) => holdTagsMeaning(tx, KEY, 9))).map(({ tag }) => tag),
    ];
    expect(await found()).toEqual([[FIRST], [FIRST]]);
    await set("tag", BURIED);
    expect(await found()).toEqual([[], []]);
  });

  test("are reserved together for its deletion, and settled alone", async () => {
    const removal = { ...KEY, actor: ALICE, reservation: randomUUID() };
    const reserve = (known = {}) =>
      reserveTogether(db, { ...removal, ...known }, [FIRST, SECOND], 60);
    expect(await tags(() => reserveTogether(db, removal, [SECOND], 60))).toEqual([]);
    expect(await tags(() => reserve())).toEqual([ROW]);
    await reserve({ digest: TWO, reservation: randomUUID() });
    await reserve({ repository: SHOP, reservation: randomUUID() });
    await reserve({ repository: SHOP, digest: TWO, reservation: randomUUID() });
    expect(await readReservedTogether(db, KEY)).toEqual([FIRST]);
    const release = (which: Parameters<typeof releaseTogether>[1]) =>
      tags(() => db.transaction((tx) => releaseTogether(tx, which)));
    expect(await release({ ...removal, repository: SHOP })).toEqual([]);
    expect(await release({ ...KEY, expired: true })).toEqual([]);
    await set("tag", "reserved_until = now() - interval '1 second'");
    expect(await release({ ...KEY, expired: true })).toEqual([ROW]);
    expect(await readReservedTogether(db, KEY)).toEqual([]);
    await reserve();
    expect(await release({ ...KEY, expired: false })).toEqual([ROW]);
    await reserve();
    const bury = () => db.transaction((tx) => buryTogether(tx, removal, "alice"));
    expect(await tags(bury)).toEqual([ROW]);
  });

  test("are not settled with it where something else reserved them", async () => {
    const reservation = randomUUID();
    const claim = { repository: APP, tag: FIRST, reservation, digest: ONE, actor: ALICE };
    await reserveTag(db, claim, { leaseSeconds: -60, mutable: true });
    expect(await readReservedTogether(db, KEY)).toEqual([]);
    const bury = (which: Parameters<typeof buryTogether>[1]) =>
      tags(() => db.transaction((tx) => buryTogether(tx, which, "alice")));
    expect(await bury({ ...KEY, expired: true })).toEqual([]);
    expect(await bury({ repository: APP, reservation })).toEqual([]);
    await set("tag", FREE);
    expect(await bury({ ...KEY, expired: false })).toEqual([]);
  });
});

/** The second manifest names the first one: as one of its parts, or as its subject; in both ways in which that is kept. */
const WAYS = {
  "a row of links": (repository: string, kind: "child" | "subject") =>
    db.query(
      `insert into ledger.manifest_link (repository, digest, ${kind === "child" ? "children" : "subject"})
       values ($1, $2, ${kind === "child" ? "array[ledger.digest_bytes($3)]" : "ledger.digest_bytes($3)"})`,
      [repository, TWO, ONE],
    ),
  "rows of references": (repository: string, kind: "child" | "subject") =>
    db.query(
      `insert into ledger.manifest_reference (repository, digest, kind, target) values ($1, $2, $3, $4)`,
      [repository, TWO, kind, ONE],
    ),
};

describe.each(Object.entries(WAYS))("what manifests name, in %s,", (_way, link) => {
  const needing = (repository: RepositoryName, digest: Digest) =>
    readNeedingTags(db, repository, digest, 9);
  const push = async (children: readonly Digest[], digest = THREE) => {
    const tag = parseTag("pushed");
    const claim = { repository: APP, tag, reservation: randomUUID(), digest, actor: ALICE };
    await reserveTag(db, claim, { leaseSeconds: 60, mutable: true });
    return db.transaction((tx) =>
      lockAndFindDeleted(tx, { repository: APP, tag }, digest, children),
    );
  };

  test("is needed by the tags of the indexes above it, in its repository", async () => {
    await link(APP, "child");
    await set("tag", "name = 'third'", "repository = 'alpha/shop' and name = 'second'");
    await set("tag", `digest = '${ONE}'`, "name = 'third'");
    expect(await needing(APP, ONE)).toEqual([FIRST, SECOND]);
    expect(await needing(APP, TWO)).toEqual([SECOND]);
    expect(await needing(SHOP, ONE)).toEqual([FIRST, "third"]);
    expect(await needing(APP, THREE)).toEqual([]);
    await set("tag", BURIED, "name = 'second'");
    expect(await needing(APP, ONE)).toEqual([FIRST]);
  });

  test("keeps what it refers to no longer than its subject is needed", async () => {
    await link(APP, "subject");
    expect(await needing(APP, TWO)).toEqual([FIRST, SECOND]);
    expect(await needing(APP, ONE)).toEqual([FIRST]);
    expect(await needing(SHOP, TWO)).toEqual([SECOND]);
  });

  test("belongs to an index, or to a subject, of its own repository", async () => {
    await link(APP, "child");
    const of = (repository: RepositoryName, digest: Digest) =>
      readBelonging(db, { repository, digest });
    expect(await of(APP, ONE)).toEqual({ isPart: true, isReferrer: false });
    expect(await of(APP, TWO)).toEqual({ isPart: false, isReferrer: false });
    expect(await of(SHOP, ONE)).toEqual({ isPart: false, isReferrer: false });
    await link(SHOP, "subject");
    expect(await of(SHOP, TWO)).toEqual({ isPart: false, isReferrer: true });
    expect(await of(SHOP, ONE)).toEqual({ isPart: false, isReferrer: false });
    expect(await of(APP, TWO)).toEqual({ isPart: false, isReferrer: false });
  });

  test("is missed by a push where it was deleted in its repository, and not elsewhere", async () => {
    await link(APP, "child");
    await set("manifest", BURIED, "repository = 'alpha/shop'");
    expect(await push([TWO])).toEqual([]);
    await set("manifest", BURIED, `digest = '${ONE}'`);
    expect(await push([TWO])).toEqual([ONE]);
    expect(await readBuriedParts(db, APP, [TWO], 9)).toEqual([ONE]);
    await set("manifest", `${STANDING}, deleting_at = now()`);
    expect((await push([TWO])).sort()).toEqual([ONE, TWO]);
    expect((await readBuriedParts(db, APP, [ONE], 9)).sort()).toEqual([ONE]);
    await set("manifest", "deleting_at = now() - interval '2 minutes'");
    expect(await push([TWO])).toEqual([]);
  });

  test("is below what names it as a part, in the repository where that is", async () => {
    await set("manifest", BURIED, `digest = '${ONE}'`);
    const buried = () => readBuriedParts(db, APP, [TWO], 9);
    await link(SHOP, "child");
    expect(await buried()).toEqual([]);
    await link(APP, "subject");
    expect(await buried()).toEqual([]);
    await db.query("delete from ledger.manifest_link; delete from ledger.manifest_reference");
    await link(APP, "child");
    expect(await buried()).toEqual([ONE]);
  });

  test("is looked for from the tags downwards, where nothing is known of it", async () => {
    await link(APP, "child");
    const unknown = async (absent: readonly Digest[] = []) => {
      const found = await readUnknownManifests(db, APP, { also: THREE, absent, limit: 9 });
      return found.map(({ digest, isKept }) => `${digest.at(-1)} ${isKept}`).sort();
    };
    expect(await unknown()).toEqual(["1 true", "2 true", "3 false"]);
    expect(await unknown([THREE])).toEqual(["1 true", "2 true"]);
    const claim = { repository: APP, tag: parseTag("new"), reservation: randomUUID() };
    const lease = { leaseSeconds: 60, mutable: true };
    await reserveTag(db, { ...claim, digest: ONE, actor: ALICE }, lease);
    await set("tag", `digest = '${FOUR}'`, "repository = 'alpha/shop'");
    expect(await unknown()).toEqual(["1 true", "2 true", "3 false"]);
    await set("tag", BURIED, "name = 'first'");
    expect(await unknown([THREE])).toEqual(["1 true", "2 true"]);
    await set("tag", BURIED, "digest is not null");
    expect(await unknown()).toEqual(["3 false"]);
    await set("tag", STANDING);
    await set("manifest", "linked_at = now()", "repository = 'alpha/app'");
    expect(await unknown([THREE])).toEqual([]);
  });
});

test("a push of what was deleted before it began is missed only where that is the manifest's part", async () => {
  await set("manifest", "deleted_at = now() - interval '1 hour', deleted_by = 'bob'");
  const tag = parseTag("again");
  const claim = { repository: APP, tag, reservation: randomUUID(), digest: ONE, actor: ALICE };
  await reserveTag(db, claim, { leaseSeconds: 60, mutable: true });
  const find = (children: readonly Digest[]) =>
    db.transaction((tx) => lockAndFindDeleted(tx, { repository: APP, tag }, ONE, children));
  expect([await find([]), await find([TWO])]).toEqual([[], [TWO]]);
});

test("parts are unchecked of which their own repository does not know that they were looked for", async () => {
  await set("manifest", "checked_at = now()", "repository = 'alpha/shop'");
  const unchecked = (repository: RepositoryName) => readUnchecked(db, repository, [ONE, THREE], 9);
  expect(await unchecked(APP)).toEqual([ONE, THREE]);
  expect(await unchecked(SHOP)).toEqual([THREE]);
  await set("manifest", BURIED);
  expect(await unchecked(SHOP)).toEqual([ONE, THREE]);
});

test("referrers are those of a subject in its repository, of manifests that stand", async () => {
  for (const repository of REPOSITORIES)
    for (const [subject, digest] of [
      [ONE, TWO],
      [TWO, ONE],
    ] as const)
      // prettier-ignore
      await db.query(
        "insert into ledger.referrer (repository, subject, digest, descriptor) values ($1, $2, $3, '{}')",
        [repository, subject, digest],
      );
  const referrers = () => readReferrers(db, KEY, 9);
  expect(await referrers()).toEqual([TWO]);
  await set("manifest", BURIED, "repository = 'alpha/shop'");
  await set("manifest", BURIED, `digest = '${ONE}'`);
  expect(await referrers()).toEqual([TWO]);
  await set("manifest", BURIED, `digest = '${TWO}'`);
  expect(await referrers()).toEqual([]);
});
