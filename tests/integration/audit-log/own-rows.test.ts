import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  isKept,
  isTagged,
  keptContent,
  nextManifests,
  FIRST_PLACE,
} from "#audit-log/sql/known-manifests.js";
import { keptBytesAfter } from "#audit-log/sql/kept-bytes.js";
import { ledgerRepositories, namesUnknown } from "#audit-log/sql/ledger-names.js";
import {
  ledgerDigest,
  ledgerRecordsAfter,
  ledgerTagsAfter,
  type LedgerTag,
} from "#audit-log/sql/ledger-tags.js";
import {
  readIndexesWith,
  readLeftOutOf,
  readPullsByName,
  readPullsOf,
} from "#audit-log/sql/pulls-of.js";
import type { Database } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";
import {
  APP,
  BURIED,
  fillManifests,
  fillTags,
  FIRST,
  ONE,
  REPOSITORIES,
  SECOND,
  SHOP,
  STANDING,
  THREE,
  TWO,
  updating,
} from "../ledger/support/rows.js";
import { writeRaw } from "./support/raw-entries.js";

let db: Database;
useLedger((_ledger, opened) => {
  db = opened;
});

const set = updating(() => db);

describe("of what the ledger says of tags", () => {
  beforeEach(() => fillTags(db));
  const OWN: LedgerTag = { repository: APP, tag: FIRST, digest: ONE };
  const FREE = "reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null"; // prettier-ignore
  const named = (rows: readonly LedgerTag[]) =>
    rows.map(({ repository, tag }) => `${repository}:${tag}`);
  const settled = async (after = { repository: "", tag: "" }) =>
    named(await ledgerTagsAfter(db, after, 9));

  test("what is settled is compared, in order, once each", async () => {
    expect(await settled()).toEqual([
      ...["alpha/app:first", "alpha/app:second", "alpha/shop:first", "alpha/shop:second"],
    ]);
    expect(await settled({ repository: APP, tag: SECOND })).toEqual([
      ...["alpha/shop:first", "alpha/shop:second"],
    ]);
    expect(named(await ledgerRecordsAfter(db, { repository: SHOP, tag: FIRST }, 9))).toEqual([
      "alpha/shop:second",
    ]);
    await set("tag", "reservation = gen_random_uuid(), reserved_digest = digest, reserved_by = 'bob', reserved_until = now()", "repository = 'alpha/app'"); // prettier-ignore
    await set("tag", BURIED, "name = 'first'");
    expect(await settled()).toEqual(["alpha/shop:second"]);
    expect(await ledgerDigest(db, OWN)).toBeNull();
    await set("tag", `${FREE}, ${STANDING}`);
    expect(await ledgerDigest(db, OWN)).toBe(ONE);
  });

  test("each is said of its own tag", async () => {
    await set("tag", `digest = '${TWO}'`, "(repository, name) <> ('alpha/app', 'first')");
    for (const [repository, tag, digest] of [
      [APP, FIRST, ONE],
      [APP, SECOND, TWO],
      [SHOP, FIRST, TWO],
    ] as const)
      // prettier-ignore
      expect(await ledgerDigest(db, { repository, tag, digest: THREE })).toBe(digest);
    expect(await ledgerDigest(db, { ...OWN, tag: "third" })).toBeNull();
  });

  test("each repository is named once, and that comes to an end", async () => {
    const named = await db.transaction(async (tx) => {
      await tx.query(`set local statement_timeout = '20s'`);
      return ledgerRepositories(tx);
    });
    expect(named).toEqual(REPOSITORIES);
  });

  test("names are unknown that its repository never had, whatever others have", async () => {
    await set("tag", "name = 'third'", "repository = 'alpha/shop' and name = 'first'");
    const names = [FIRST, "third", "nobodys"];
    expect(await namesUnknown(db, APP, names)).toEqual(["nobodys", "third"]);
    expect(await namesUnknown(db, SHOP, names)).toEqual([FIRST, "nobodys"]);
  });
});

describe("of manifests that are alike", () => {
  const KEY = { repository: APP, digest: ONE };
  beforeEach(() => fillManifests(db));
  const known = async (after: Parameters<typeof nextManifests>[1] = FIRST_PLACE, limit = 9) =>
    (await nextManifests(db, after, limit)).map(
      ({ repository, digest, isKept: kept, isTagged: tagged }) =>
        `${repository}@${digest.at(-1)} ${kept} ${tagged}`,
    );

  test("one is kept, and its content told, as long as it stands and is not forgotten", async () => {
    const MISSING = { repository: APP, digest: THREE };
    expect([await isKept(db, KEY), await isKept(db, MISSING)]).toEqual([true, false]);
    for (const repository of REPOSITORIES)
      for (const digest of [ONE, TWO])
        expect(await keptContent(db, { repository, digest })).toEqual({
          ...{ mediaType: repository, content: Buffer.from(repository + digest) },
        });
    expect(await keptContent(db, MISSING)).toBeNull();
    for (const values of ["deleting_at = now()", `deleting_at = null, ${BURIED}`]) {
      await set("manifest", values, `digest = '${ONE}' and repository = '${APP}'`);
      expect(await isKept(db, KEY)).toBe(false);
    }
    await set("manifest", "forgotten_at = now(), content = ''", "deleted_at is not null");
    expect(await keptContent(db, KEY)).toBeNull();
  });

  test("one is tagged that a tag of its repository means", async () => {
    await fillTags(db);
    await set("tag", BURIED, "repository = 'alpha/shop'");
    const tagged = (repository = APP, digest = ONE) => isTagged(db, { repository, digest });
    expect([await tagged(), await tagged(APP, THREE), await tagged(SHOP)]).toEqual([
      ...[true, false, false],
    ]);
  });

  test("those that are kept or tagged are walked once each, in order, a part at a time", async () => {
    await fillTags(db);
    await set("tag", `digest = '${THREE}'`, "repository = 'alpha/shop' and name = 'second'");
    const ALL = [
      ...["alpha/app@1 true true", "alpha/app@2 true true", "alpha/shop@1 true true"],
      ...["alpha/shop@2 true false", "alpha/shop@3 false true"],
    ];
    expect(await known()).toEqual(ALL);
    await set("tag", BURIED, "repository = 'alpha/app' and name = 'first'");
    expect((await known())[0]).toBe("alpha/app@1 true false");
    await set("tag", STANDING, "deleted_at is not null");
    expect(await known(undefined, 2)).toEqual(ALL.slice(0, 2));
    expect(await known({ repository: APP, digest: TWO })).toEqual(ALL.slice(2));
    expect(await known({ repository: APP, digest: TWO }, 1)).toEqual(ALL.slice(2, 3));
    expect(await known({ repository: SHOP, digest: TWO })).toEqual(ALL.slice(4));
    expect(await known({ repository: SHOP, digest: THREE })).toEqual([]);
    await set("manifest", BURIED, `digest = '${TWO}'`);
    await set("manifest", "deleting_at = now()", `repository = 'alpha/shop' and digest = '${ONE}'`);
    expect(await known()).toEqual(["alpha/app@1 true true", "alpha/shop@3 false true"]);
    expect(await known({ repository: APP, digest: ONE }, 1)).toEqual(["alpha/shop@3 false true"]);
    // A tag that is being pushed for the first time means nothing yet.
    await db.query(
      `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by, reserved_until)
       values ('alpha/shop', 'third', gen_random_uuid(), $1, 'bob', now())`,
      [THREE],
    );
    expect(await known()).toEqual(["alpha/app@1 true true", "alpha/shop@3 false true"]);
    await set("tag", BURIED, "repository = 'alpha/shop' and digest is not null");
    expect(await known()).toEqual(["alpha/app@1 true true"]);
  });

  test("bytes are held against the digest of each, behind the one before", async () => {
    const right = async (after: Parameters<typeof keptBytesAfter>[1] = FIRST_PLACE) =>
      (await keptBytesAfter(db, after, 9)).map(
        ({ repository, digest, isForgotten, isRight }) =>
          `${repository}@${digest.at(-1)} ${isForgotten} ${isRight}`,
      );
    expect(await right({ repository: APP, digest: TWO })).toEqual([
      ...["alpha/shop@1 false false", "alpha/shop@2 false false"],
    ]);
    await set("manifest", `${BURIED}, forgotten_at = now(), content = ''`, `digest = '${ONE}'`);
    await db.query("alter table audit.entry disable trigger user");
    let position = 0;
    const forget = (repository: string, action: string, digest: string, hours: number) => {
      const at = new Date(Date.now() - hours * 3_600_000).toISOString();
      position += 1;
      return writeRaw(db, { position, at, action, repository, content: { digest } });
    };
    await forget(SHOP, "manifest.forgotten", ONE, 0);
    await forget(APP, "manifest.forgotten", TWO, 0);
    await forget(APP, "manifest.deleted", ONE, 0);
    await forget(APP, "manifest.forgotten", ONE, 2);
    expect((await right())[0]).toBe("alpha/app@1 true false");
    await forget(APP, "manifest.forgotten", ONE, 0);
    expect((await right())[0]).toBe("alpha/app@1 true true");
    await db.query("delete from audit.entry");
    await db.query("alter table audit.entry enable trigger user");
  });
});

describe("of pulls that are alike", () => {
  const PULLS = REPOSITORIES.flatMap((repository) =>
    [FIRST, ""].flatMap((tag) => [ONE, TWO].map((digest) => ({ repository, tag, digest }))),
  );
  const add = (table: "pull" | "pull_day", day: string, count: number) =>
    db.query(
      `insert into ledger.${table} (${table === "pull" ? "user_agent" : "day"}, repository, tag, digest, caller, uid, realm, kind, address, count, first_at, last_at)
       select $1::${table === "pull" ? "text" : "date"}, repository, tag, digest, uid, uid, '', 'oauth2', '', $5, $1::date + interval '6 hours', $1::date + interval '18 hours'
       from unnest($2::text[], $3::text[], $4::text[]) as pull (repository, tag, digest), (values ('alice'), ('bob')) as who (uid)`,
      [
        ...[day, PULLS.map(({ repository }) => repository), PULLS.map(({ tag }) => tag)],
        ...[PULLS.map(({ digest }) => digest), count],
      ],
    );
  const EVER = { from: null, to: null };
  const of = async (
    image: Parameters<typeof readPullsOf>[1],
    stretch: Parameters<typeof readPullsOf>[2] = EVER,
  ) =>
    // prettier-ignore
    (await readPullsOf(db, image, stretch, 99)).reduce((sum, { count }) => sum + count, 0);

  test("those of an image are counted, of one repository or of all, within a stretch", async () => {
    await add("pull_day", "2026-11-20", 1);
    await add("pull_day", "2026-11-21", 10);
    const anywhere = { repository: null, digests: [ONE] };
    expect(await of(anywhere)).toBe(8 * 11);
    expect(await of({ ...anywhere, repository: SHOP })).toBe(4 * 11);
    expect(await of({ ...anywhere, digests: [THREE] })).toBe(0);
    const noon = (day: string) => new Date(`2026-11-${day}T12:00:00Z`);
    expect(await of(anywhere, { from: noon("21"), to: null })).toBe(8 * 10);
    expect(await of(anywhere, { from: null, to: noon("20") })).toBe(8);
    expect(await of(anywhere, { from: new Date("2026-11-21T18:00:01Z"), to: null })).toBe(0);
    const named = await readPullsByName(db, { from: noon("21"), to: null }, 9);
    expect(named.map(({ uid, count }) => `${uid} ${count}`)).toEqual(["alice 80", "bob 80"]);
  });

  test("what was counted before days were is added, but for what a day has of the same caller", async () => {
    await add("pull", "2026-11-19", 100);
    expect(await of({ repository: APP, digests: [ONE] })).toBe(4 * 100);
    await add("pull_day", "2026-11-20", 1);
    expect(await of({ repository: APP, digests: [ONE] })).toBe(4);
    for (const where of [
      ...["repository = 'alpha/app'", `digest = '${ONE}'`, "tag = ''", "uid = 'bob'"],
      ...["repository = 'alpha/shop'", `digest = '${TWO}'`, "tag = 'first'"],
    ]) {
      await db.query("delete from ledger.pull_day");
      await add("pull_day", "2026-11-20", 1);
      await db.query(`delete from ledger.pull_day where not (${where})`);
      const days = await db.query(`select from ledger.pull_day where repository = $1 and digest = $2`, [APP, ONE]); // prettier-ignore
      const counted = days.rows.length;
      expect(await of({ repository: APP, digests: [ONE] })).toBe(counted + (4 - counted) * 100);
    }
  });

  test("what there was no room for is told by repository", async () => {
    await db.query(
      "insert into ledger.pull_left_out (repository, records, pulls, last_at) select unnest($1::text[]), 1, 2, now()",
      [REPOSITORIES],
    );
    expect(await readLeftOutOf(db, [SHOP])).toEqual([{ repository: SHOP, records: 1, pulls: 2 }]);
  });

  test("indexes with an image are found by both ways in which that is kept, wherever or in one repository", async () => {
    await db.query(
      `insert into ledger.manifest_link (repository, digest, children)
       values ($1, $2, array[ledger.digest_bytes($3)])`,
      [APP, TWO, ONE],
    );
    await db.query(
      `insert into ledger.manifest_reference (repository, digest, kind, target)
       select repository, digest, kind, target from unnest($1::text[]) as repository,
         (values ($2, 'child', $3), ($3, 'subject', $2), ($3, 'child', $3)) as reference (digest, kind, target)`,
      [[SHOP], THREE, ONE],
    );
    expect((await readIndexesWith(db, ONE, null)).sort()).toEqual([ONE, TWO, THREE]);
    expect(await readIndexesWith(db, ONE, APP)).toEqual([TWO]);
    expect((await readIndexesWith(db, ONE, SHOP)).sort()).toEqual([ONE, THREE]);
    expect(await readIndexesWith(db, TWO, null)).toEqual([]);
    expect(await readIndexesWith(db, THREE, null)).toEqual([]);
  });
});
