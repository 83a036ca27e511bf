import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { readLatest, recordLatest } from "#gateway/ledger/sql/latest-tag.js";
import { readListedRepositories } from "#gateway/ledger/sql/listed-repositories.js";
import { readListedTags } from "#gateway/ledger/sql/listed-names.js";
import { readNeedingTags } from "#gateway/ledger/sql/manifest-needs.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";
import {
  ALICE,
  APP,
  BURIED,
  fillManifests,
  fillTags,
  FIRST,
  ONE,
  SECOND,
  SHOP,
  TWO,
  updating,
} from "./support/rows.js";

const LATEST = parseTag("latest");

let db: Database;
useLedger((_ledger, opened) => {
  db = opened;
});
beforeEach(async () => {
  await fillTags(db);
  await fillManifests(db);
});

const set = updating(() => db);

describe("virtual latest", () => {
  const latest = async (repository = APP) => (await readLatest(db, repository))?.tag ?? null;
  const inherit = (tag = LATEST) =>
    recordLatest(db, { repository: APP, tag, digest: ONE, createdAt: null });

  test("is what was pushed last, or a locked tag of that name, in the repository", async () => {
    await set("tag", "pushed_at = now()", "repository = 'alpha/app' and name = 'first'");
    await set("tag", "pushed_at = now()", "repository = 'alpha/shop' and name = 'second'");
    expect([await latest(APP), await latest(SHOP)]).toEqual([FIRST, SECOND]);
    await set("tag", "name = 'latest', locked_at = now(), locked_by = 'bob'", "repository = 'alpha/app' and name = 'second'"); // prettier-ignore
    expect([await latest(APP), await latest(SHOP)]).toEqual([LATEST, SECOND]);
    await set("tag", BURIED, "name = 'latest'");
    expect(await latest()).toBe(FIRST);
  });

  test("is no other tag that was locked, and none of that name that was not", async () => {
    await set("tag", "pushed_at = now()", "name = 'second'");
    await set("tag", "locked_at = now(), locked_by = 'bob'", "name = 'first'");
    expect(await latest()).toBe(SECOND);
    await set("tag", "name = 'latest', locked_at = null, locked_by = null", "name = 'first'");
    expect(await latest()).toBe(SECOND);
  });

  test("is the registry's own in its repository alone, whatever else of it was deleted", async () => {
    await db.query("delete from ledger.tag");
    await inherit();
    expect([await latest(APP), await latest(SHOP)]).toEqual([LATEST, null]);
    await set("manifest", BURIED, `digest = '${TWO}'`);
    expect(await latest()).toBe(LATEST);
  });

  test("is the registry's own, which stays recorded as long as that stands", async () => {
    await db.query("delete from ledger.tag where repository = $1", [APP]);
    expect(await latest()).toBeNull();
    expect([await inherit(), await inherit(FIRST)]).toEqual([true, false]);
    expect([await latest(), await latest(SHOP)]).toEqual([LATEST, expect.anything()]);
    await set("manifest", BURIED, "repository = 'alpha/shop'");
    expect(await inherit(FIRST)).toBe(false);
    await set("manifest", BURIED, `digest = '${ONE}'`);
    expect([await latest(), await inherit(FIRST)]).toEqual([null, true]);
  });

  test("that was found as a tag stands as long as that tag means it", async () => {
    await set("tag", "origin = 'adopted'");
    await inherit(FIRST);
    expect(await latest()).toBe(FIRST);
    await set("tag", `digest = '${TWO}'`, "repository = 'alpha/app' and name = 'first'");
    expect(await latest()).toBeNull();
    await set("tag", `digest = '${ONE}'`);
    expect(await latest()).toBe(FIRST);
    await set("tag", BURIED, "repository = 'alpha/app' and name = 'first'");
    expect(await latest()).toBeNull();
  });

  test("needs what it means, where no tag says so and nothing was pushed", async () => {
    await db.query("delete from ledger.tag");
    await inherit();
    expect(await readNeedingTags(db, APP, ONE, 9)).toEqual([LATEST]);
    expect(await readNeedingTags(db, SHOP, ONE, 9)).toEqual([]);
    await db.query("update ledger.inherited_latest set tag = 'first'");
    expect(await readNeedingTags(db, APP, ONE, 9)).toEqual([]);
    await db.query("update ledger.inherited_latest set tag = 'latest'");
    await fillTags(db);
    expect(await readNeedingTags(db, APP, ONE, 9)).toEqual([FIRST]);
  });
});

test("repositories are listed as a whole once the registry's catalog was read, and not before", async () => {
  const isWhole = async () =>
    (await readListedRepositories(db, { after: "", limit: 9, prefixes: [""] })).isWhole;
  await db.query("insert into ledger.discovery default values");
  expect(await isWhole()).toBe(false);
  await db.query("update ledger.discovery set catalog_at = now()");
  expect(await isWhole()).toBe(true);
});

test("tags are listed of a compared repository alone, those that mean something, behind a name", async () => {
  const listed = (after = "") => readListedTags(db, APP, { after, limit: 9 });
  expect(await listed()).toBeNull();
  await db.query("update ledger.repository set compared_at = now() where name = $1", [SHOP]);
  expect(await listed()).toBeNull();
  await db.query("update ledger.repository set compared_at = now(), lists_latest = true");
  await set("tag", "name = 'latest'", "repository = 'alpha/shop' and name = 'first'");
  expect(await listed()).toEqual({ tags: [FIRST, SECOND], latest: true, any: true });
  expect(await listed(FIRST)).toEqual({ tags: [SECOND], latest: true, any: true });
  await set("tag", "name = 'latest'", "repository = 'alpha/app' and name = 'second'");
  expect(await listed()).toMatchObject({ tags: [FIRST, LATEST], latest: false });
  await set("tag", BURIED, "repository = 'alpha/app'");
  expect(await listed()).toEqual({ tags: [], latest: false, any: false });
  await db.query("delete from ledger.tag where repository = $1", [APP]);
  const claim = {
    repository: APP,
    tag: FIRST,
    reservation: randomUUID(),
    digest: ONE,
    actor: ALICE,
  };
  await reserveTag(db, claim, { leaseSeconds: 60, mutable: true });
  expect(await listed()).toEqual({ tags: [], latest: true, any: false });
});

test("repositories by more beginnings than are looked for at once come in their order all the same", async () => {
  const names = Array.from({ length: 60 }, (_, n) => `team-${String(n).padStart(2, "0")}/app`);
  await db.query("insert into ledger.repository (name) select unnest($1::text[])", [names]);
  const prefixes = names.map((name) => name.replace("app", "")).reverse();
  const first = await readListedRepositories(db, { after: "", limit: 3, prefixes });
  expect(first.names).toEqual(names.slice(0, 3));
});
