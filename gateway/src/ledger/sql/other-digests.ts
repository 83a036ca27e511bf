import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A manifest, in the database's own order of all. */
export interface PlacedManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Whether its bytes may name something by another algorithm than sha256. */
  readonly isSuspect: boolean;
}

/**
 * @param db - pool
 * @param after - the manifest that they follow; `null`: from the first one
 * @param limit - as many are looked at
 * @returns the suspects among them, and the last one; nothing behind the last of all
 */
export async function nextSuspects(
  db: Queryable,
  after: Pick<PlacedManifest, "repository" | "digest"> | null,
  limit: number,
): Promise<PlacedManifest[]> {
  const { rows } = await db.query<PlacedManifest>(
    `select repository, digest, "isSuspect" from (
       select repository, digest, position('sha512:'::bytea in content) + position('sha384:'::bytea in content) > 0 as "isSuspect",
              lead(digest) over (order by repository, digest) is null as "isLast"
       from (select repository, digest, content from ledger.manifest
             where (repository, digest) > ($1, $2) and deleted_at is null and deleting_at is null
             order by repository, digest limit $3) as slice
     ) as seen
     where "isSuspect" or "isLast" order by repository, digest`,
    [after?.repository ?? "", after?.digest ?? "", limit],
  );
  return rows;
}
