import type { Queryable } from "#service-kit/db/pool.js";
import { parentsOf } from "../../ledger/sql/manifest-links.js";

/**
 * @param db - pool or transaction
 * @param manifests - manifests by repository and digest
 * @returns of each that is a child of indexes, the digests of these, by {@link childKey}
 */
export async function readParents(
  db: Queryable,
  manifests: readonly { readonly repository: string; readonly digest: string }[],
): Promise<Map<string, string[]>> {
  const parents = new Map<string, string[]>();
  if (manifests.length === 0) return parents;
  const { rows } = await db.query<{ repository: string; child: string; parent: string }>(
    `select distinct asked.repository, asked.digest as child, above.digest as parent
     from unnest($1::text[], $2::text[]) as asked (repository, digest) cross join lateral (
       ${parentsOf("asked.digest", "asked.repository")}
     ) as above`,
    [manifests.map(({ repository }) => repository), manifests.map(({ digest }) => digest)],
  );
  for (const { repository, child, parent } of rows) {
    const key = childKey(repository, child);
    parents.set(key, [...(parents.get(key) ?? []), parent]);
  }
  return parents;
}

/** @returns key of a manifest in what {@link readParents} returns */
export function childKey(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}
