import type { Queryable } from "#service-kit/db/pool.js";

/** Which repositories are asked for. */
export interface RepositoriesAfter {
  /** Those after this one, whether there is such a one or not; `""`: from the beginning. */
  readonly after: string;
  /** As many at most. */
  readonly limit: number;
  /** Beginnings of names, none of them the beginning of another: those that begin otherwise are of no interest. */
  readonly prefixes: readonly string[];
}

/** Repositories of the ledger. */
export interface ListedRepositories {
  readonly names: readonly string[];
  /** Whether the registry lists none that is not known here. */
  readonly isWhole: boolean;
}

/** Beginnings that one statement looks at. */
const PREFIXES_AT_ONCE = 50;
/** Sorts before every character that a name can have. */
const BEFORE = "\u0001";
/** Sorts behind every character that a name can have. */
const BEHIND = "\u007f";

/**
 * In the order of the registries' catalogs: by path component, so that `a/b` comes before `a-b`.
 *
 * @param db - pool or transaction
 * @param page - which of the repositories
 * @returns their names
 */
export async function readListedRepositories(
  db: Queryable,
  page: RepositoriesAfter,
): Promise<ListedRepositories> {
  const after = pathOrder(page.after);
  const ranges = page.prefixes
    .map((prefix) => pathOrder(prefix))
    .sort()
    .filter((low) => low + BEHIND > after);
  const names: string[] = [];
  let isWhole: boolean;
  do {
    const some = ranges.splice(0, PREFIXES_AT_ONCE);
    const limit = page.limit - names.length;
    const found = await readRanges(db, { some, after, limit });
    names.push(...found.names);
    ({ isWhole } = found);
  } while (ranges.length > 0 && names.length < page.limit);
  return { names, isWhole };
}

const IS_WHOLE = `exists (select from ledger.discovery where catalog_at is not null) as "isWhole"`;

interface Ranges {
  readonly some: readonly string[];
  readonly after: string;
  readonly limit: number;
}

/** Each range is read in the order of the index; only where there are several is anything sorted. */
async function readRanges(db: Queryable, ranges: Ranges): Promise<ListedRepositories> {
  const { some, after, limit } = ranges;
  const [low = "", ...others] = some;
  const { rows } = await (others.length === 0
    ? db.query<ListedRepositories>(
        `select array(
           select name from ledger.repository
           where replace(name, '/', chr(1)) > $1 and replace(name, '/', chr(1)) >= $2
             and replace(name, '/', chr(1)) < $3
           order by replace(name, '/', chr(1)) limit $4) as names, ${IS_WHOLE}`,
        [after, low, low + BEHIND, some.length === 0 ? 0 : limit],
        "list repositories",
      )
    : db.query<ListedRepositories>(
        `select array(
           select found.name from unnest($2::text[], $3::text[]) as range (low, high)
             cross join lateral (
               select name, replace(name, '/', chr(1)) as position from ledger.repository
               where replace(name, '/', chr(1)) > $1
                 and replace(name, '/', chr(1)) >= low collate "C"
                 and replace(name, '/', chr(1)) < high collate "C"
               order by replace(name, '/', chr(1)) limit $4
             ) as found
           order by found.position limit $4) as names, ${IS_WHOLE}`,
        [after, some, some.map((each) => each + BEHIND), limit],
        "list repositories in ranges",
      ));
  return rows[0] ?? { names: [], isWhole: false };
}

/**
 * @param name - name of a repository, or the beginning of one
 * @returns what sorts by bytes as names sort by path component
 */
function pathOrder(name: string): string {
  return name.replaceAll("/", BEFORE);
}
