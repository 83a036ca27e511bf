import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { endManifestWrite } from "#gateway/ledger/end-manifest-write.js";
import { endUndecided } from "#gateway/ledger/end-undecided.js";
import { endWrite } from "#gateway/ledger/end-write.js";
import { lockForDeletion } from "#gateway/ledger/sql/manifest-needs.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { noteUnanswered } from "#gateway/ledger/sql/unanswered-writes.js";
import type { Database } from "#service-kit/db/pool.js";
import { whileLocked } from "#tests/support/held-lock.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { ALICE, APP, fillManifests, fillTags, ONE } from "./support/rows.js";

/** When the first look is. */
const LOOK_AGAIN_SECONDS = 5;

let ledger: StartedLedger;
let db: Database;
useLedger((started) => {
  ledger = started;
  ({ db } = started);
});

const MANIFEST = { repository: APP, digest: ONE };
const end = () => endManifestWrite({ db, audit: recordAudit, bounds: BOUNDS }, MANIFEST, ALICE);
const ended = async () =>
  (await ledger.audited())
    .filter(({ action }) => action === "write.ended")
    .map(({ detail }) => detail);

describe("what was begun about a manifest and is ended by an operator", () => {
  test("is a deletion begun again of what has a tombstone already: the registry owes nothing of it", async () => {
    await fillManifests(db);
    await db.query(
      `update ledger.manifest set deleted_at = now(), deleted_by = 'bob', deleting_at = now() - interval '1 hour'
       where repository = $1 and digest = $2`,
      [APP, ONE],
    );
    expect(await end()).toBe("ended");
    expect(await ended()).toEqual([{ kind: "manifest-removal", tags: [] }]);
  });

  test("is a deletion that left its tags reserved alone, of a manifest that the ledger does not have", async () => {
    await fillTags(db);
    await db.query(
      `update ledger.tag set reservation = $1, reserved_digest = digest, reserved_by = 'bob',
         reserved_kind = 'manifest-removal', reserved_at = now() - interval '1 hour', reserved_until = now() - interval '1 hour'
       where repository = $2 and digest = $3`,
      [randomUUID(), APP, ONE],
    );
    expect(await end()).toBe("ended");
    expect(await ended()).toEqual([{ kind: "manifest-removal", tags: ["first"] }]);
  });

  test("is looked at once whoever decides on a deletion in the repository has done so", async () => {
    const found = await whileLocked(db, (tx) => lockForDeletion(tx, APP), end);
    expect(found).toEqual({ hasWaited: true, outcome: "nothing is under way" });
  });
});

test("a reservation that somebody else has settled is not ended, and nothing is said of it", async () => {
  const push = tagPush("a");
  const deps = pushDeps(db);
  const told: unknown[] = [];
  const error = (line: unknown) => void told.push(line);
  const log = { ...deps.log, error } as unknown as typeof deps.log;
  const claim = { ...push, kind: "push", openSeconds: 0 } as const;
  await reserveTag(db, push, { leaseSeconds: 60, mutable: false });
  expect(await endUndecided({ ...deps, log }, claim, ALICE, "no answer")).toBe(true);
  expect(told).toHaveLength(1);
  expect(await endUndecided({ ...deps, log }, claim, ALICE, "no answer")).toBe(false);
  expect(told).toHaveLength(1);
  expect(deps.steps).toEqual(["ended"]);
});

test.each([
  [20, 400],
  [1_000, 0],
])(
  "what is ended after %i seconds may still come for %i more, and is looked for so long",
  async (openSeconds, lateSeconds) => {
    const push = tagPush("a");
    await reserveTag(db, push, { leaseSeconds: 60, mutable: false });
    await endUndecided(pushDeps(db), { ...push, kind: "push", openSeconds }, ALICE, "no answer");
    const { rows } = await db.query(
      `select tag, digest, was_free as "wasFree",
              round(extract(epoch from late_until - look_at)::numeric)::int + $1 as "lateSeconds"
       from ledger.unanswered_write`,
      [LOOK_AGAIN_SECONDS],
    );
    expect(rows).toEqual([{ tag: "1.0", digest: push.digest, wasFree: false, lateSeconds }]);
  },
);

test("what the registry has not answered is ended without a reservation, on record as that", async () => {
  const { repository, tag, digest } = tagPush("a");
  const left = { repository, tag, digest, actor: ALICE };
  await noteUnanswered(db, left, { lateSeconds: 60, wasFree: true });
  const deps = pushDeps(db);
  const by = { by: ALICE, reservation: randomUUID() };
  expect(await endWrite({ ...deps, audit: recordAudit }, left, by)).toBe("ended");
  expect(await ended()).toEqual([{ kind: "unanswered" }]);
  expect(await endWrite(deps, left, by)).toBe("nothing is under way");
});
