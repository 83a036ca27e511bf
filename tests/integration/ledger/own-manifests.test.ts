import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { buryManifest, markDeleting, unmarkDeleting } from "#gateway/ledger/sql/delete-manifest.js";
import {
  countOverdueDeletions,
  expectNoDeletion,
  forgetLateDeletion,
  isWanted,
  listLateDeletions,
  wantBelow,
} from "#gateway/ledger/sql/late-deletions.js";
import { listLostDeletions, settleDeletion } from "#gateway/ledger/sql/lost-deletions.js";
import {
  endLostManifestPushes,
  endManifestPush,
  endStoredPush,
  listLostManifestPushes,
  lookAtPushAgain,
  noteManifestPush,
} from "#gateway/ledger/sql/manifest-push.js";
import { isWrittenAtPresent } from "#gateway/ledger/sql/manifest-writes.js";
import { readLiveManifest, readManifest } from "#gateway/ledger/sql/store-manifest.js";
import type { Database } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";
import {
  ALICE,
  APP,
  STANDING,
  BURIED,
  fillManifests,
  ONE,
  REPOSITORIES,
  SHOP,
  THREE,
  TWO,
  written,
} from "./support/rows.js";

const KEY = { repository: APP, digest: ONE };
const ROW = "alpha/app@1";
const OTHERS = [
  { repository: APP, digest: TWO },
  { repository: SHOP, digest: ONE },
  { repository: SHOP, digest: TWO },
];
const ALL = [KEY, ...OTHERS];
const LATE = 100;

let db: Database;
useLedger((_ledger, opened) => {
  db = opened;
});
beforeEach(() => fillManifests(db));

const manifests = (work: () => Promise<unknown>) => written(db, "manifest", work);
const set = (values: string) => db.query(`update ledger.manifest set ${values}`);
const ago = (seconds: number) => `now() - interval '${seconds} seconds'`;
const UNTOUCHED = `${STANDING}, deleting_at = null`;

describe("of manifests that are alike", () => {
  test("one is noted as being deleted, the note taken back, and one buried", async () => {
    const mark = () => db.transaction((tx) => markDeleting(tx, APP, ONE, ALICE));
    expect(await manifests(mark)).toEqual([ROW]);
    await set("deleting_at = now()");
    expect(await manifests(() => unmarkDeleting(db, APP, ONE))).toEqual([ROW]);
    const bury = (wasAtRegistry: boolean) =>
      db.transaction((tx) => buryManifest(tx, { ...KEY, by: "alice", wasAtRegistry }));
    expect(await manifests(() => bury(false))).toEqual([ROW]);
    expect([await bury(false), await bury(true)]).toEqual([false, true]);
  });

  test("one is read, by repository and digest, as long as its bytes are kept and it stands", async () => {
    for (const { repository, digest } of ALL)
      for (const read of [readManifest, readLiveManifest])
        expect(await read(db, repository, digest)).toMatchObject({
          ...{ digest, mediaType: repository },
          content: Buffer.from(repository + digest),
        });
    expect(await readManifest(db, APP, THREE)).toBeNull();
    await set("deleting_at = now()");
    expect(await readLiveManifest(db, APP, ONE)).toBeNull();
    await set(`deleting_at = null, ${BURIED}`);
    expect(await readLiveManifest(db, APP, ONE)).toBeNull();
    expect(await readManifest(db, APP, ONE)).not.toBeNull();
    await set("forgotten_at = now(), content = ''");
    expect(await readManifest(db, APP, ONE)).toBeNull();
  });
});

describe("a deletion that the registry may carry out late", () => {
  const listed = async (overdue: boolean) =>
    (await listLateDeletions(db, { lateSeconds: LATE, limit: 9, overdue })).length;

  test("is looked at while the manifest stands, and counts a minute after it is over", async () => {
    expect([await listed(true), await countOverdueDeletions(db, LATE)]).toEqual([0, 0]);
    await set(`late_since = ${ago(LATE + 10)}`);
    expect([await listed(false), await countOverdueDeletions(db, LATE)]).toEqual([4, 0]);
    await set(`late_since = ${ago(LATE + 70)}`);
    expect([await listed(false), await listed(true)]).toEqual([0, 4]);
    expect(await countOverdueDeletions(db, LATE)).toBe(4);
    for (const values of ["deleting_at = now()", `deleting_at = null, ${BURIED}`]) {
      await set(values);
      expect([await listed(true), await countOverdueDeletions(db, LATE)]).toEqual([0, 0]);
    }
  });

  test("is forgotten of one, or of all that are deleted, once it is over", async () => {
    const forget = (late: typeof KEY | null) => manifests(() => forgetLateDeletion(db, late, LATE));
    await set(`late_since = ${ago(LATE - 10)}, ${BURIED}`);
    expect([await forget(KEY), await forget(null)]).toEqual([[], []]);
    await set(`late_since = ${ago(LATE + 10)}`);
    expect(await forget(KEY)).toEqual([ROW]);
    expect(await forget(null)).toHaveLength(3);
    await set(`late_since = ${ago(LATE + 10)}, ${UNTOUCHED}`);
    expect(await forget(null)).toEqual([]);
  });

  test("is waited for no more of one, which is looked at once more, and then forgotten", async () => {
    const end = () => expectNoDeletion(db, KEY, LATE);
    expect(await end()).toBe(false);
    await set(`late_since = ${ago(LATE - 10)}`);
    expect(await manifests(end)).toEqual([ROW]);
    expect(await listed(false)).toBe(4);
    expect(await end()).toBe(true);
    expect([await listed(false), await end()]).toEqual([3, false]);
    for (const values of ["deleting_at = now()", `deleting_at = null, ${BURIED}`]) {
      await set(`late_since = ${ago(LATE - 10)}, ${values}`);
      expect(await end()).toBe(false);
    }
  });

  test("counts for nothing once what is below an index is wanted again, which is noted once", async () => {
    await db.query(
      `insert into ledger.manifest_link (repository, digest, children)
       values ($1, $2, array[ledger.digest_bytes($3)])`,
      [APP, ONE, TWO],
    );
    const want = () => wantBelow(db, APP, [ONE]);
    expect(await manifests(want)).toEqual([]);
    await set("late_since = now()");
    expect(await manifests(() => wantBelow(db, APP, [TWO]))).toEqual(["alpha/app@2"]);
    expect(await manifests(want)).toEqual([ROW]);
    expect(await manifests(want)).toEqual([]);
    const wanted = await Promise.all(ALL.map((key) => isWanted(db, key)));
    expect(wanted).toEqual([true, true, false, false]);
  });
});

describe("a deletion whose gateway was lost", () => {
  const settle = (by: string | null) => db.transaction((tx) => settleDeletion(tx, KEY, by));

  test("is found once it can have no effect any more, and settled alone, once", async () => {
    await set(`deleting_at = ${ago(50)}`);
    expect(await listLostDeletions(db, 9)).toEqual([]);
    expect(await settle(null)).toEqual({ wasNoted: false, isNew: false });
    await set(`deleting_at = ${ago(70)}`);
    expect(await listLostDeletions(db, 9)).toHaveLength(4);
    expect(await manifests(() => settle("alice"))).toEqual([ROW]);
    expect(await listLostDeletions(db, 9)).toHaveLength(3);
    expect(await settle("alice")).toEqual({ wasNoted: false, isNew: false });
  });

  test("is found by the tags that it reserved, and not by those that something else did", async () => {
    const reserve = (name: string, kind: string | null, seconds: number) =>
      db.query(
        `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by, reserved_kind, reserved_until)
         values ($1, $2, gen_random_uuid(), $3, 'alice', $4, now() - $5 * interval '1 second')`,
        [APP, name, name === "going" ? ONE : TWO, kind, seconds],
      );
    await reserve("pushed", null, 9);
    await reserve("removed", "removal", 9);
    await reserve("early", "manifest-removal", -9);
    expect(await listLostDeletions(db, 9)).toEqual([]);
    await reserve("going", "manifest-removal", 9);
    expect(await listLostDeletions(db, 9)).toMatchObject([KEY]);
  });
});

describe("a push by digest", () => {
  const ids: string[] = [];
  beforeEach(async () => {
    ids.length = 0;
    for (const key of ALL) {
      const id = randomUUID();
      ids.push(id);
      await noteManifestPush(db, { ...key, id, actor: ALICE }, 60);
    }
  });
  const own = () => ({ id: ids[0] ?? "", repository: APP });
  const pushes = (work: () => Promise<unknown>) => written(db, "manifest_push", work);

  test("is ended, looked at again, and stored alone", async () => {
    expect(await pushes(() => lookAtPushAgain(db, own(), 0))).toEqual([ROW]);
    expect(await listLostManifestPushes(db, 9)).toMatchObject([KEY]);
    expect(await pushes(() => endManifestPush(db, own()))).toEqual([ROW]);
    expect(await endManifestPush(db, own())).toBe(false);
    const [, second = ""] = ids;
    expect(await pushes(() => endStoredPush(db, { id: second }))).toEqual(["alpha/app@2"]);
  });

  test("is not stored that was deleted since, or may be at this moment, and only that", async () => {
    await set("deleting_at = now()");
    expect(await pushes(() => endStoredPush(db, own()))).toEqual([]);
    await set(UNTOUCHED);
    await db.query("update ledger.manifest set deleting_at = now() where repository = $1", [SHOP]);
    await db.query("update ledger.manifest set deleting_at = now() where digest = $1", [TWO]);
    expect(await pushes(() => endStoredPush(db, own()))).toEqual([ROW]);
  });

  test("is lost with all of its manifest, once its time is over, and with no others", async () => {
    const lose = () => endLostManifestPushes(db, KEY);
    expect(await lose()).toEqual([]);
    await db.query(`update ledger.manifest_push set noted_at = ${ago(70)}`);
    expect(await pushes(lose)).toEqual([ROW]);
  });

  test("writes its manifest at present, as a deletion of it does, and no other one", async () => {
    expect(await isWrittenAtPresent(db, KEY)).toBe(true);
    for (const repository of REPOSITORIES)
      expect(await isWrittenAtPresent(db, { repository, digest: THREE })).toBe(false);
    await endManifestPush(db, own());
    expect(await isWrittenAtPresent(db, KEY)).toBe(false);
    await db.query("update ledger.manifest set deleting_at = now() where repository = $1", [SHOP]);
    await db.query("update ledger.manifest set deleting_at = now() where digest = $1", [TWO]);
    expect(await isWrittenAtPresent(db, KEY)).toBe(false);
    await set("deleting_at = now()");
    expect(await isWrittenAtPresent(db, KEY)).toBe(true);
  });
});
