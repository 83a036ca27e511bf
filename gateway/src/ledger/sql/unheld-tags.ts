import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A tag of the registry of which the ledger does not know what it means. */
export interface UnheldTag {
  readonly name: string;
  /** What is being pushed under it; `null` when nothing is. */
  readonly reservedDigest: Digest | null;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param names - tags that the registry lists
 * @returns those of them that the ledger does not know, or knows only by a push under way, in the order given
 */
export async function readUnheldTags(
  db: Queryable,
  repository: RepositoryName,
  names: readonly string[],
): Promise<UnheldTag[]> {
  const { rows } = await db.query<UnheldTag>(
    `select listed.name, tag.reserved_digest as "reservedDigest"
     from unnest($2::text[]) with ordinality as listed (name, place)
       left join ledger.tag on tag.repository = $1 and tag.name = listed.name
     where tag.digest is null
     order by listed.place`,
    [repository, names],
  );
  return rows;
}
