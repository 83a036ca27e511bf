import { beforeEach, describe, expect, test } from "@jest/globals";
import type { AuditActor } from "#audit-log/entry.js";
import { markDeleting } from "#gateway/ledger/sql/delete-manifest.js";
import { listLostDeletions, settleDeletion } from "#gateway/ledger/sql/lost-deletions.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { storedOf } from "./support/deletion-deps.js";
import { image, REPOSITORY } from "./support/manifests.js";

const repository = parseRepositoryName(REPOSITORY);
const ONE = image("one");
const KEY = { repository, digest: ONE.digest };

let db: Database;
useLedger((_ledger, pool) => {
  db = pool;
});
beforeEach(async () => {
  await storeManifest(db, repository, await storedOf(ONE), "checked");
  await begin("alice");
  // Longer ago than the registry takes.
  await db.query("update ledger.manifest set deleting_at = deleting_at - interval '61 seconds'");
});

function begin(uid: string): Promise<void> {
  const actor: AuditActor = {
    ...{ uid, realm: "", kind: "user", address: "192.0.2.7", userAgent: "curl", requestId: "r1" },
  };
  return db.transaction((tx) => markDeleting(tx, repository, ONE.digest, actor));
}

async function noted(): Promise<Record<string, unknown>[]> {
  const { rows } = await db.query<Record<string, unknown>>(
    `select deleting_by ->> 'uid' as by, extract(epoch from now() - deleting_at) < 30 as fresh,
            late_by ->> 'uid' as "lateBy", extract(epoch from now() - late_since) > 60 as late,
            deleted_at as "deletedAt"
     from ledger.manifest`,
  );
  return rows;
}

const BEGUN_AGAIN = { by: "bob", fresh: true, lateBy: "alice", late: true, deletedAt: null };

describe("a deletion that is begun again", () => {
  test("lasts from then on, and the one before may still be carried out", async () => {
    expect(await listLostDeletions(db, 10)).toMatchObject([KEY]);
    await begin("bob");
    expect(await noted()).toEqual([BEGUN_AGAIN]);
    expect(await listLostDeletions(db, 10)).toEqual([]);
  });

  test.each([
    ["stands", null],
    ["is gone", "alice"],
  ])(
    "is not ended by whoever has found meanwhile that by the one before the manifest %s",
    async (_what, buriedBy) => {
      await begin("bob");
      const settled = await db.transaction((tx) => settleDeletion(tx, KEY, buriedBy));
      expect(settled).toEqual({ wasNoted: false, isNew: false });
      expect(await noted()).toEqual([BEGUN_AGAIN]);
    },
  );
});
