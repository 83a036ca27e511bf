import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { SeenTag } from "../../drift/seen-tag.js";
import { LIVE, SEEN_TAG } from "./staging.js";

/** Tags that the registry lists in a repository, all of them. */
export interface ListedTags {
  readonly repository: RepositoryName;
  readonly tags: readonly string[];
}

/** @returns those repositories in which the ledger has tags that the registry should have too */
export async function listedAmong(
  session: Queryable,
  repositories: readonly RepositoryName[],
): Promise<Set<RepositoryName>> {
  if (repositories.length === 0) return new Set();
  const { rows } = await session.query<{ name: RepositoryName }>(
    `select name from unnest($1::text[]) as asked (name)
     where exists (select 1 from ledger.tag where repository = asked.name and ${LIVE})`,
    [repositories],
  );
  return new Set(rows.map(({ name }) => name));
}

/** @returns listed tags that the ledger has never heard of, by repository */
export async function unknownAmong(
  session: Queryable,
  lists: readonly ListedTags[],
): Promise<ListedTags[]> {
  const { rows } = await session.query<ListedTags>(
    `select repository, array_agg(name order by name) as tags
     from unnest($1::text[], $2::text[]) as listed (repository, name)
     where not exists (select 1 from ledger.tag
                       where tag.repository = listed.repository and tag.name = listed.name)
     group by repository order by repository`,
    columnsOf(lists),
  );
  return rows;
}

/**
 * @param session - the pass's connection
 * @param lists - whole lists of the registry
 * @param askedAt - only tags count that stood before the registry was asked
 * @returns tags of the ledger in these repositories that the registry does not list, or that were wrong before
 */
export async function suspectsAmong(
  session: Queryable,
  lists: readonly ListedTags[],
  askedAt: string,
): Promise<SeenTag[]> {
  const { rows } = await session.query<SeenTag>(
    `with listed as materialized (select * from unnest($1::text[], $2::text[]) as listed (repository, name))
     select ${SEEN_TAG} from ledger.tag
     where repository = any ($3) and ${LIVE} and pushed_at < $4::timestamptz
       and (missing_sightings > 0 or drift_digest is not null or not exists
             (select 1 from listed where listed.repository = tag.repository and listed.name = tag.name))
     order by repository, name`,
    [...columnsOf(lists), lists.map(({ repository }) => repository), askedAt],
  );
  return rows;
}

function columnsOf(lists: readonly ListedTags[]): [string[], string[]] {
  return [
    lists.flatMap(({ repository, tags }) => tags.map(() => repository)),
    lists.flatMap(({ tags }) => tags),
  ];
}
