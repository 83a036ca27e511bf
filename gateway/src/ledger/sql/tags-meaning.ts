import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest
 * @param limit - at most this many
 * @returns tags that mean it, by name
 */
export async function readTagsMeaning(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
  limit: number,
): Promise<Tag[]> {
  const { rows } = await db.query<{ name: Tag }>(
    `select name from ledger.tag
     where repository = $1 and digest = $2 and deleted_at is null
     order by name limit $3`,
    [repository, digest, limit],
  );
  return rows.map(({ name }) => name);
}
