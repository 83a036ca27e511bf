import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** What the ledger says of a tag. */
export interface KnownTag {
  readonly digest: Digest;
  readonly deleted: boolean;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @returns every tag of it that means or meant something, by name
 */
export async function readKnownTags(
  db: Queryable,
  repository: RepositoryName,
): Promise<Map<string, KnownTag>> {
  const { rows } = await db.query<KnownTag & { name: string }>(
    `select name, digest, deleted_at is not null as deleted from ledger.tag
     where repository = $1 and digest is not null`,
    [repository],
  );
  return new Map(rows.map(({ name, digest, deleted }) => [name, { digest, deleted }]));
}
