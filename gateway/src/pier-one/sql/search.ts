import type { Queryable } from "#service-kit/db/pool.js";
import { ANY_TAG_OF } from "./images.js";

/** A repository as searches show it. */
export interface FoundRepository {
  readonly name: string;
  readonly pulls: number;
  readonly description: string;
}

/**
 * @param db - pool or transaction
 * @param repositories - names
 * @returns those that have a tag, and how often they were pulled
 */
export async function readFound(
  db: Queryable,
  repositories: readonly string[],
): Promise<readonly FoundRepository[]> {
  const { rows } = await db.query<FoundRepository>(
    `select wanted.name, (select coalesce(sum(count), 0)::float8 from ledger.pull_total
                          where repository = wanted.name) as pulls,
       coalesce((select description from ledger.repository where name = wanted.name), '') as description
     from unnest($1::text[]) as wanted (name)
       cross join lateral ${ANY_TAG_OF("wanted.name")} as any_tag`,
    [repositories],
  );
  return rows;
}
