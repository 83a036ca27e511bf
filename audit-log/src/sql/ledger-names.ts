import type { Queryable } from "#service-kit/db/pool.js";

/**
 * Begin of a recursive query: `known (name)` is every repository of which the ledger knows a tag, and one null at its end.
 * Goes from one to the next over the index: a million tags are not read for it.
 */
export const KNOWN_REPOSITORIES = `known as (
    (select repository as name from ledger.tag order by repository limit 1)
    union all
    select (select repository from ledger.tag where repository > known.name order by repository limit 1)
    from known where known.name is not null
  )`;

/** @returns every repository of which the ledger knows a tag */
export async function ledgerRepositories(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `with recursive ${KNOWN_REPOSITORIES} select name from known where name is not null`,
  );
  return rows.map(({ name }) => name);
}

/**
 * @param db - ledger
 * @param repository - a repository
 * @param tags - names
 * @returns those that the ledger has never heard of: neither pushed, nor being pushed, nor deleted
 */
export async function namesUnknown(
  db: Queryable,
  repository: string,
  tags: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select name from unnest($2::text[]) as listed (name)
     where not exists (select from ledger.tag where repository = $1 and tag.name = listed.name)
     order by name`,
    [repository, tags],
  );
  return rows.map(({ name }) => name);
}
