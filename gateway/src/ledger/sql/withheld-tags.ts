import type { Digest } from "#registry-protocol/digest.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** A tag that means something else at the registry. */
export interface DriftedTag extends TagKey {
  /** What it means in the ledger. */
  readonly digest: Digest;
  /** What it means at the registry. */
  readonly found: Digest;
}

/**
 * @param db - pool or transaction
 * @param limit - at most this many
 * @returns tags that are known to mean something else at the registry
 */
export async function readDriftedTags(db: Queryable, limit: number): Promise<DriftedTag[]> {
  // The first condition is that of the index `tag_suspect`.
  const { rows } = await db.query<DriftedTag>(
    `select repository, name as tag, digest, drift_digest as found from ledger.tag
     where (missing_sightings > 0 or drift_digest is not null)
       and drift_digest is not null and digest is not null and deleted_at is null
     limit $1`,
    [limit],
  );
  return rows;
}

/** A tag that has a tombstone. */
export interface DeletedTag extends TagKey {
  /** When it was deleted, as text that loses nothing. */
  readonly at: string;
  readonly revision: number;
}

/**
 * @param db - pool or transaction
 * @param after - tags that were deleted then or later; `null`: whenever
 * @param limit - at most this many
 * @returns tags that were deleted, the last one first
 */
export async function readDeletedSince(
  db: Queryable,
  after: string | null,
  limit: number,
): Promise<DeletedTag[]> {
  const { rows } = await db.query<DeletedTag>(
    `select repository, name as tag, deleted_at::text as at, revision::float8 as revision from ledger.tag
     where deleted_at is not null and ($1::text is null
         -- The clock may have been ahead when the one before was deleted.
         or deleted_at >= least($1::timestamptz, clock_timestamp() - interval '1 minute'))
     order by deleted_at desc limit $2`,
    [after, limit],
  );
  return rows;
}
