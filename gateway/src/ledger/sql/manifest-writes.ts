import type { Queryable } from "#service-kit/db/pool.js";
import type { ManifestKey } from "./tags-of-manifest.js";

/**
 * @param db - pool or transaction
 * @param key - a manifest
 * @returns whether a gateway is pushing it by digest, or deleting it
 */
export async function isWrittenAtPresent(
  db: Queryable,
  { repository, digest }: ManifestKey,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from ledger.manifest_push where repository = $1 and digest = $2
     union all
     select from ledger.manifest where repository = $1 and digest = $2 and deleting_at is not null`,
    [repository, digest],
  );
  return (rowCount ?? 0) > 0;
}
