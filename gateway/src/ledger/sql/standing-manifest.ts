import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** Neither deleted, nor being deleted, nor known to be lost at the registry. */
const STANDS = `repository = $1 and digest = $2 and deleted_at is null and deleting_at is null
  and not exists (
    select from ledger.missing_part as missing
    where missing.repository = $1 and missing.digest = $2 and missing.part = $2)`;

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest in it
 * @returns the manifest as it was received; `null` when the ledger does not have it, it was or is being deleted, or the registry is
 *   known to have lost it
 */
export async function readStandingManifest(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<{ readonly mediaType: string; readonly content: Buffer } | null> {
  const { rows } = await db.query<{ mediaType: string; content: Buffer }>(
    `select media_type as "mediaType", content from ledger.manifest where ${STANDS}`,
    [repository, digest],
    "read standing manifest",
  );
  return rows[0] ?? null;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest in it
 * @returns whether {@link readStandingManifest} would return it
 */
export async function isStandingManifest(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from ledger.manifest where ${STANDS}`,
    [repository, digest],
    "is standing manifest",
  );
  return rowCount === 1;
}
