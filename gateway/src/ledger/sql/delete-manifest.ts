import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/**
 * Notes that the registry is about to be told to delete a manifest.
 *
 * @param tx - transaction that has seen to it that nothing needs the manifest
 * @param repository - where it is
 * @param digest - the manifest, which the ledger knows
 */
export async function markDeleting(
  tx: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<void> {
  await tx.query(
    `update ledger.manifest set deleting_at = clock_timestamp()
     where repository = $1 and digest = $2`,
    [repository, digest],
  );
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
    `update ledger.manifest set deleting_at = null where repository = $1 and digest = $2`,
    [repository, digest],
  );
}

/**
 * Puts a tombstone on a manifest that the registry has deleted.
 *
 * @param tx - transaction that also writes the audit entry
 * @param repository - where it was
 * @param digest - the manifest
 * @param by - who deleted it
 * @returns whether it had none before
 */
export async function buryManifest(
  tx: Queryable,
  repository: RepositoryName,
  digest: Digest,
  by: string,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update ledger.manifest
     set deleting_at = null, deleted_at = clock_timestamp(), deleted_by = $3
     where repository = $1 and digest = $2 and deleted_at is null`,
    [repository, digest, by],
  );
  return rowCount === 1;
}
