import type { Queryable } from "#service-kit/db/pool.js";

/** @returns every repository of which the ledger knows a tag, one after the other by an index */
export async function ledgerRepositories(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ repository: string }>(
    `with recursive known as (
       (select repository from ledger.tag order by repository limit 1)
       union all
       select (select repository from ledger.tag where repository > known.repository
               order by repository limit 1)
       from known where known.repository is not null
     )
     select repository from known where repository is not null`,
  );
  return rows.map(({ repository }) => repository);
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
