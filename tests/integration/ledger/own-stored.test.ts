import { beforeEach, describe, expect, test } from "@jest/globals";
import { noteCalled } from "#gateway/ledger/sql/called-tags.js";
import { readListedRepositories } from "#gateway/ledger/sql/listed-repositories.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { isStandingManifest, readStandingManifest } from "#gateway/ledger/sql/standing-manifest.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { readUnheldTags } from "#gateway/ledger/sql/unheld-tags.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { Database } from "#service-kit/db/pool.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";
import {
  APP,
  BURIED,
  fillManifests,
  fillTags,
  FIRST,
  ONE,
  SECOND,
  SHOP,
  STANDING,
  THREE,
  TWO,
  written,
} from "./support/rows.js";

const { manifest } = tagPush("a manifest");

let db: Database;
useLedger((_ledger, opened) => {
  db = opened;
});

const store = (how: "checked" | "found", repository = APP) =>
  storeManifest(db, repository, manifest, how);
const set = (values: string) =>
  db.query(`update ledger.manifest set ${values} where repository = $1`, [APP]);
const row = async () => {
  const { rows } = await db.query<Record<string, unknown>>(
    `select checked_at is not null as checked, late_wanted as wanted, deleted_at is not null as deleted,
       octet_length(content) > 0 as kept
     from ledger.manifest where (repository, digest) = ($1, $2)`,
    [APP, manifest.digest],
  );
  return rows[0];
};

describe("a manifest that is stored", () => {
  beforeEach(() => fillManifests(db));

  test("is new once in each repository, and the same again writes nothing", async () => {
    expect([await store("checked"), await store("checked", SHOP)]).toEqual(["new", "new"]);
    for (const how of ["checked", "found"] as const)
      expect(await written(db, "manifest", () => store(how))).toEqual([]);
    expect(await store("checked")).toBeNull();
    const links =
      "select from ledger.manifest_link union all select from ledger.manifest_reference";
    expect((await db.query(links)).rows).toEqual([]);
  });

  test("is checked once the registry has looked for its parts, and that is no change of it", async () => {
    await store("found");
    expect(await row()).toMatchObject({ checked: false });
    expect(await store("found")).toBeNull();
    expect(await store("checked")).toBeNull();
    expect(await row()).toMatchObject({ checked: true });
  });

  test("comes back where it was deleted, in its repository, with its bytes, unchecked if it was only seen", async () => {
    await store("checked");
    await store("checked", SHOP);
    await set(BURIED);
    expect(await store("found", SHOP)).toBeNull();
    expect(await store("found")).toBe("restored");
    expect(await row()).toMatchObject({ deleted: false, checked: false });
    await set(`${BURIED}, forgotten_at = now(), content = ''`);
    expect(await store("checked")).toBe("restored");
    expect(await row()).toMatchObject({ deleted: false, checked: true, kept: true });
  });

  test("is wanted again where it may be deleted late, if it was pushed, and was not only seen", async () => {
    await store("checked");
    await set("late_since = now()");
    await store("found");
    expect(await row()).toMatchObject({ wanted: false });
    expect(await store("checked")).toBeNull();
    expect(await row()).toMatchObject({ wanted: true });
    expect(await written(db, "manifest", () => store("checked"))).toEqual([]);
  });

  test("that a tag meant once is kept from now on, if it was pushed again, and no other one", async () => {
    await store("checked");
    await db.query(
      `insert into ledger.past_manifest (repository, digest) select repository, digest from ledger.manifest
       union select $1, $2`,
      [SHOP, manifest.digest],
    );
    const past = (how: "checked" | "found") => written(db, "past_manifest", () => store(how));
    expect(await past("found")).toEqual([]);
    expect(await past("checked")).toEqual([`${APP}@${manifest.digest}`]);
  });
});

describe("of manifests that are alike", () => {
  beforeEach(() => fillManifests(db));
  const stands = async () => {
    const is = await isStandingManifest(db, APP, ONE);
    expect(await readStandingManifest(db, APP, ONE)).toEqual(
      is ? { mediaType: APP, content: Buffer.from(APP + ONE) } : null,
    );
    return is;
  };
  const lose = (repository: string, digest: string, part: string) =>
    db.query("insert into ledger.missing_part (repository, digest, part) values ($1, $2, $3)", [
      ...[repository, digest, part],
    ]);

  test("one stands that was not deleted, is not being deleted, and is not lost", async () => {
    expect(await isStandingManifest(db, APP, THREE)).toBe(false);
    for (const [repository, digest, part] of [
      [SHOP, ONE, ONE],
      [APP, TWO, ONE],
      [APP, ONE, TWO],
    ] as const)
      // prettier-ignore
      await lose(repository, digest, part);
    expect(await stands()).toBe(true);
    for (const values of ["deleting_at = now()", `deleting_at = null, ${BURIED}`]) {
      await set(values);
      expect(await stands()).toBe(false);
    }
    await set(STANDING);
    await lose(APP, ONE, ONE);
    expect(await stands()).toBe(false);
  });
});

test("by which digest a manifest is called is noted once for each tag, and anew where that changes", async () => {
  const versions = async () =>
    (await db.query("select xmin, tag, digest, called from ledger.called_tag order by tag")).rows;
  const call = (called: Digest) => noteCalled(db, APP, [FIRST, SECOND], { digest: ONE, called });
  await call(TWO);
  const before = await versions();
  await call(TWO);
  expect(await versions()).toEqual(before);
  await call(THREE);
  expect(await versions()).toMatchObject([
    { tag: FIRST, digest: ONE, called: THREE },
    { tag: SECOND, digest: ONE, called: THREE },
  ]);
});

test("tags are unheld that mean nothing in their repository, with what is pushed there at this moment", async () => {
  await fillTags(db);
  const push = tagPush("a manifest", { tag: "pushed" });
  await reserveTag(db, push, { leaseSeconds: 60, mutable: true });
  const names = ["pushed", FIRST, "nobodys"];
  expect(await readUnheldTags(db, APP, names)).toEqual([
    { name: "pushed", reservedDigest: push.digest },
    { name: "nobodys", reservedDigest: null },
  ]);
});

describe("repositories", () => {
  beforeEach(() =>
    db.query("insert into ledger.repository (name) select unnest($1::text[])", [
      ["alpha/a", "alpha/b", "alpha-b/a", "beta/a", "gamma/a"],
    ]),
  );
  const listed = async (prefixes: readonly string[], after = "", limit = 9) =>
    (await readListedRepositories(db, { after, limit, prefixes })).names;

  test("are listed by the beginning of their names, by path component, behind a name", async () => {
    expect(await listed([""])).toEqual(["alpha/a", "alpha/b", "alpha-b/a", "beta/a", "gamma/a"]);
    expect(await listed(["alpha/"])).toEqual(["alpha/a", "alpha/b"]);
    expect(await listed(["beta/"], "alpha/b")).toEqual(["beta/a"]);
    expect(await listed(["alpha/"], "alpha/a")).toEqual(["alpha/b"]);
    expect(await listed(["alpha/"], "beta/a")).toEqual([]);
    expect(await listed([""], "", 2)).toEqual(["alpha/a", "alpha/b"]);
  });

  test("of several beginnings are listed in one order, and no others", async () => {
    const both = ["gamma/", "alpha/"];
    expect(await listed(both)).toEqual(["alpha/a", "alpha/b", "gamma/a"]);
    expect(await listed(both, "alpha/a")).toEqual(["alpha/b", "gamma/a"]);
    expect(await listed([...both, "beta/"], "alpha/a", 2)).toEqual(["alpha/b", "beta/a"]);
    expect(await listed([])).toEqual([]);
  });
});
