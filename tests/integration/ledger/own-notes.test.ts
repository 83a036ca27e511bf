import { beforeEach, describe, expect, test } from "@jest/globals";
import { nextSuspects } from "#gateway/ledger/sql/other-digests.js";
import { countRefusal, endRefusals } from "#gateway/ledger/sql/refusals.js";
import {
  countOverdueWrites,
  expectNoMore,
  forgetUnanswered,
  listDueWrites,
  lookAgainAt,
  noteUnanswered,
  wasFreeBefore,
} from "#gateway/ledger/sql/unanswered-writes.js";
import { readDeletedSince, readDriftedTags } from "#gateway/ledger/sql/withheld-tags.js";
import type { Database } from "#service-kit/db/pool.js";
import { tagEntry } from "#tests/integration/audit-log/support/audited.js";
import { useLedger } from "#tests/support/use-ledger.js";
import {
  ALICE,
  APP,
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
  written,
} from "./support/rows.js";

let db: Database;
useLedger((_ledger, opened) => {
  db = opened;
});

describe("a write that the registry has not answered", () => {
  const OWN = { repository: APP, tag: FIRST, digest: ONE, actor: ALICE };
  const ROW = "alpha/app:first@1";
  const ALL = REPOSITORIES.flatMap((repository) =>
    [FIRST, SECOND].flatMap((tag) =>
      [ONE, TWO].map((digest) => ({ repository, tag, digest, actor: ALICE })),
    ),
  );
  const note = (wasFree = false, lateSeconds = 60) =>
    Promise.all(ALL.map((write) => noteUnanswered(db, write, { lateSeconds, wasFree })));
  const writes = (work: () => Promise<unknown>) => written(db, "unanswered_write", work);
  const set = (values: string) => db.query(`update ledger.unanswered_write set ${values}`);

  test("is due when it is to be looked at, and put off alone", async () => {
    await note();
    expect(await listDueWrites(db, 9)).toEqual([]);
    await set("look_at = now() - interval '1 second'");
    expect(await listDueWrites(db, 9)).toHaveLength(8);
    expect(await writes(() => lookAgainAt(db, OWN, 60))).toEqual([ROW]);
    expect(await listDueWrites(db, 9)).toHaveLength(7);
  });

  test("counts a minute after its time, and is forgotten alone once that is over", async () => {
    await note();
    expect(await writes(() => forgetUnanswered(db, OWN))).toEqual([]);
    await set("late_until = now() - interval '50 seconds'");
    expect(await countOverdueWrites(db)).toBe(0);
    await set("late_until = now() - interval '70 seconds'");
    expect(await countOverdueWrites(db)).toBe(8);
    expect(await writes(() => forgetUnanswered(db, OWN))).toEqual([ROW]);
  });

  test("says of its tag alone that it was free before", async () => {
    await note();
    await noteUnanswered(db, { ...OWN, digest: THREE }, { lateSeconds: 60, wasFree: true });
    expect(await wasFreeBefore(db, OWN)).toBe(true);
    expect(await wasFreeBefore(db, { ...OWN, tag: SECOND })).toBe(false);
    expect(await wasFreeBefore(db, { ...OWN, repository: SHOP })).toBe(false);
  });

  test("is waited for no more with all of its tag, once, and with no others", async () => {
    await note();
    const end = () => expectNoMore(db, OWN);
    expect(await writes(end)).toEqual([ROW, "alpha/app:first@2"]);
    expect(await end()).toEqual([]);
  });
});

describe("of tags whose reading is held back", () => {
  beforeEach(() => fillTags(db));
  const set = (values: string, tag = "first") =>
    db.query(`update ledger.tag set ${values} where (repository, name) = ($1, $2)`, [APP, tag]);

  test("those that drifted are listed, and none that was deleted or is only missing", async () => {
    await set("drift_digest = digest, drift_since = now()");
    await set("missing_sightings = 2", "second");
    const drifted = { repository: APP, tag: FIRST, digest: ONE, found: ONE };
    expect(await readDriftedTags(db, 9)).toEqual([drifted]);
    await set(BURIED);
    expect(await readDriftedTags(db, 9)).toEqual([]);
    await db.query(
      `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by, reserved_until, drift_digest)
       values ($1, 'new', gen_random_uuid(), $2, 'bob', now(), $2)`,
      [APP, TWO],
    );
    expect(await readDriftedTags(db, 9)).toEqual([]);
  });

  test("those that were deleted since a moment are, and of a clock that was ahead the last minute's", async () => {
    await set("deleted_at = now() - interval '1 hour', deleted_by = 'bob'");
    await set("deleted_at = now() - interval '30 seconds', deleted_by = 'bob'", "second");
    const since = async (expression: string | null) => {
      const { rows } = await db.query<{ at: string | null }>(
        `select (${expression ?? "null"})::text as at`,
      );
      return (await readDeletedSince(db, rows[0]?.at ?? null, 9)).map(({ tag }) => tag);
    };
    expect(await since(null)).toEqual([SECOND, FIRST]);
    expect(await since("now() - interval '2 hours'")).toEqual([SECOND, FIRST]);
    expect(await since("now() - interval '10 minutes'")).toEqual([SECOND]);
    expect(await since("now() + interval '10 minutes'")).toEqual([SECOND]);
  });
});

describe("refusals that are counted", () => {
  const refuse = (key: string, actor = "alice", most = 2) =>
    db.transaction((tx) =>
      countRefusal(
        tx,
        {
          ...{ key, actor, entry: tagEntry() },
          summary: { key: `all of ${actor}`, entry: tagEntry() },
        },
        most,
      ),
    );

  test("are told apart by kind, as many for one actor as may be, whatever others do", async () => {
    for (const key of ["b1", "b2", "b3"]) await refuse(key, "bob", 9);
    const firsts = [await refuse("a1"), await refuse("a1"), await refuse("a2"), await refuse("a2")];
    expect(firsts).toEqual([true, false, true, false]);
    expect([await refuse("a3"), await refuse("a4"), await refuse("b1")]).toEqual([
      ...[false, false, false],
    ]);
    const { rows } = await db.query("select key, repeats::int from ledger.refusal order by key");
    expect(rows).toEqual([
      { key: "a1", repeats: 1 },
      { key: "a2", repeats: 1 },
      { key: "all of alice", repeats: 2 },
      { key: "b1", repeats: 1 },
      { key: "b2", repeats: 0 },
      { key: "b3", repeats: 0 },
    ]);
  });

  test("are forgotten once their time is over, and no others with them", async () => {
    for (const key of ["a1", "a2"]) await refuse(key);
    const end = () => db.transaction((tx) => endRefusals(tx, 60, 9));
    expect(await end()).toEqual([]);
    await db.query(
      "update ledger.refusal set began_at = now() - interval '2 minutes' where key = 'a1'",
    );
    expect(await end()).toHaveLength(1);
    const { rows } = await db.query("select key from ledger.refusal");
    expect(rows).toEqual([{ key: "a2" }]);
  });
});

test("manifests that may name something by another algorithm are looked through once each, in order, those that stand", async () => {
  await fillManifests(db);
  await db.query(
    `insert into ledger.manifest (repository, digest, media_type, content)
     select repository, $2, '', convert_to('{"digest":"sha512:"}', 'UTF8') from unnest($1::text[]) as repository`,
    [REPOSITORIES, THREE],
  );
  const suspects = async (after: Parameters<typeof nextSuspects>[1] = null) =>
    (await nextSuspects(db, after, 9)).map(
      ({ repository, digest, isSuspect }) => `${repository}@${digest.at(-1)} ${isSuspect}`,
    );
  expect(await suspects()).toEqual(["alpha/app@3 true", "alpha/shop@3 true"]);
  expect(await suspects({ repository: APP, digest: THREE })).toEqual(["alpha/shop@3 true"]);
  const set = (values: string) =>
    db.query(`update ledger.manifest set ${values} where digest = $1`, [THREE]);
  for (const values of [
    "deleting_at = now()",
    "deleting_at = null, deleted_at = now(), deleted_by = 'bob'",
  ]) {
    await set(values);
    expect(await suspects()).toEqual(["alpha/shop@2 false"]);
  }
});
