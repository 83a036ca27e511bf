import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { CHANNELS } from "#service-kit/db/channels.js";
import type { Queryable, Transaction } from "#service-kit/db/pool.js";

/**
 * Notes that the registry is about to be told to delete a manifest. One before it that was not answered may still be
 * carried out.
 *
 * @param tx - transaction that has seen to it that nothing needs the manifest
 * @param repository - where it is
 * @param digest - the manifest, which the ledger knows
 * @param actor - who deletes it, for whoever settles that if this gateway dies
 */
export async function markDeleting(
  tx: Transaction,
  repository: RepositoryName,
  digest: Digest,
  actor: AuditActor,
): Promise<void> {
  await tx.query(
    `update ledger.manifest
     set late_since = coalesce(deleting_at, late_since), late_by = coalesce(deleting_by, late_by),
         late_wanted = false, deleting_at = clock_timestamp(), deleting_by = $3
     where repository = $1 and digest = $2`,
    [repository, digest, JSON.stringify(actor)],
  );
  tellDeleted(tx, repository, digest);
}

/**
 * Takes the note back: the registry did not delete it.
 *
 * @param db - pool or transaction
 * @param repository - where it is
 * @param digest - the manifest
 */
export async function unmarkDeleting(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<void> {
  await db.query(
    `update ledger.manifest set deleting_at = null, deleting_by = null
     where repository = $1 and digest = $2`,
    [repository, digest],
  );
}

/**
 * Puts a tombstone on a manifest that the registry has deleted, and takes the note back.
 *
 * @param tx - transaction that also writes the audit entry
 * @param removal - the manifest, who deleted it, and whether the registry still had it
 * @returns whether anything was deleted: not, when it has a tombstone and the registry did not have it either
 */
export async function buryManifest(
  tx: Transaction,
  removal: { repository: RepositoryName; digest: Digest; by: string; wasAtRegistry: boolean },
): Promise<boolean> {
  const { repository, digest, by, wasAtRegistry } = removal;
  const { rowCount } = await tx.query(
    `update ledger.manifest
     set deleting_at = null, deleting_by = null, deleted_at = clock_timestamp(), deleted_by = $3
     where repository = $1 and digest = $2 and (deleted_at is null or $4)`,
    [repository, digest, by, wasAtRegistry],
  );
  tellDeleted(tx, repository, digest);
  if (rowCount === 0) await unmarkDeleting(tx, repository, digest);
  return rowCount === 1;
}

/**
 * Whoever keeps a manifest in memory asks the ledger before it serves it again.
 *
 * @param tx - transaction that changes whether it was deleted
 * @param repository - where it is
 * @param digest - the manifest
 */
export function tellDeleted(
  tx: Pick<Transaction, "tell">,
  repository: RepositoryName,
  digest: Digest,
): void {
  const told = `${repository}@${digest}`;
  tx.tell(CHANNELS.deletedManifest, told, told);
}
