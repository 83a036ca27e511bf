import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A manifest as it was received. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Buffer;
}

/**
 * Keeps a manifest; the same one again changes nothing.
 *
 * @param db - pool or transaction
 * @param repository - where it was pushed
 * @param manifest - what was pushed
 */
export async function storeManifest(
  db: Queryable,
  repository: RepositoryName,
  manifest: StoredManifest,
): Promise<void> {
  await db.query(
    `insert into ledger.manifest (repository, digest, media_type, content)
     values ($1, $2, $3, $4) on conflict do nothing`,
    [repository, manifest.digest, manifest.mediaType, manifest.content],
  );
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest in it
 * @returns the manifest's bytes, or `null` when the ledger never saw them
 */
export async function readManifestContent(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<Buffer | null> {
  const { rows } = await db.query<{ content: Buffer }>(
    `select content from ledger.manifest where repository = $1 and digest = $2`,
    [repository, digest],
  );
  return rows[0]?.content ?? null;
}
