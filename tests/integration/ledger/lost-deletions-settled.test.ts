import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { recoverDeletions } from "#gateway/deletion/recover-deletions.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { lockForDeletion } from "#gateway/ledger/sql/manifest-needs.js";
import type { Database } from "#service-kit/db/pool.js";
import { whileLocked } from "#tests/support/held-lock.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { APP, fillManifests, fillTags, ONE } from "./support/rows.js";

let ledger: StartedLedger;
let db: Database;
useLedger((started) => {
  ledger = started;
  ({ db } = started);
});

/** The registry has nothing any more, unless it is said otherwise. */
const recover = (upstreamManifest = () => Promise.resolve<null>(null)) =>
  recoverDeletions(
    { ...{ db, audit: recordAudit, log: SILENT, bounds: BOUNDS }, upstreamManifest },
    new AbortController().signal,
  );
const buried = async () =>
  (await db.query("select from ledger.manifest where deleted_at is not null")).rowCount;
const begin = (more = "") =>
  db.query(
    `update ledger.manifest set deleting_at = now() - interval '1 hour'${more} where repository = $1 and digest = $2`,
    [APP, ONE],
  );
beforeEach(() => fillManifests(db));

describe("a deletion whose gateway was lost, and of which the registry has nothing more", () => {
  test("is carried through, on record", async () => {
    await begin();
    await recover();
    expect(await buried()).toBe(1);
    expect((await ledger.audited()).map(({ action }) => action)).toEqual(["manifest.deleted"]);
  });

  test.each([
    ["it was pushed again since", ", late_wanted = true", null],
    [
      "a tag means it since",
      "",
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at) values ($1, 'new', $2, 'alice', now())`,
    ],
  ])("is not where %s", async (_why, more, tag) => {
    await begin(more);
    if (tag !== null) await db.query(tag, [APP, ONE]);
    await recover();
    expect(await buried()).toBe(0);
    expect(await ledger.audited()).toEqual([]);
  });

  test("is settled once whoever decides on the repository has done so", async () => {
    await begin();
    const { hasWaited } = await whileLocked(
      db,
      (tx) => lockForDeletion(tx, APP),
      () => recover(),
    );
    expect(hasWaited).toBe(true);
    expect(await buried()).toBe(1);
  });
});

test("a deletion of which nobody can tell what came of it gives its tags back, on record", async () => {
  await fillTags(db);
  await db.query(
    `update ledger.tag set reservation = $1, reserved_digest = $3, reserved_by = 'alice',
       reserved_kind = 'manifest-removal', reserved_at = now() - interval '1 hour', reserved_until = now() - interval '1 hour'
     where repository = $2 and digest = $3`,
    [randomUUID(), APP, ONE],
  );
  await db.query("delete from ledger.manifest where digest = $1", [ONE]);
  await recover(() => Promise.reject(new Error("no answer")));
  expect(await ledger.audited()).toMatchObject([
    {
      action: "write.ended",
      reason: "what came of it cannot be told: no answer",
      detail: { tags: ["first"] },
    },
  ]);
  expect((await db.query("select from ledger.tag where reservation is not null")).rowCount).toBe(0);
});
