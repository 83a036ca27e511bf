import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";

/**
 * Notes by which digest the manifest of some tags is called. It may be noted before they mean it: it counts from then on.
 *
 * @param db - pool or transaction
 * @param repository - a repository
 * @param tags - tags of it
 * @param names - the digest that the tags have to mean for that, and the other one
 */
export async function noteCalled(
  db: Queryable,
  repository: RepositoryName,
  tags: readonly Tag[],
  { digest, called }: { readonly digest: Digest; readonly called: Digest },
): Promise<void> {
  await db.query(
    `insert into ledger.called_tag as named (repository, tag, digest, called)
     select $1, tag, $3, $4 from unnest($2::text[]) as tag order by tag
     on conflict (repository, tag) do update set digest = excluded.digest, called = excluded.called
       where (named.digest, named.called) is distinct from (excluded.digest, excluded.called)`,
    [repository, tags, digest, called],
    undefined,
    repository,
  );
}
