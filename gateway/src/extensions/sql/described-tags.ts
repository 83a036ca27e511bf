import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable, SharedDatabase } from "#service-kit/db/pool.js";
import { instant } from "../../catalog/sql/shown.js";

/** As the draft has it: by name or by when they came to mean what they do, forward or backward. */
export interface TagSorting {
  readonly by: "name" | "created_at";
  readonly order: "asc" | "desc";
}

/** Where a page ended. */
export interface TagPosition {
  /** Of a list by time; empty in one by name. */
  readonly key: string;
  readonly name: string;
}

/** Which tags. */
export interface DescribedTagsQuery extends TagSorting {
  readonly repository: RepositoryName;
  readonly after: TagPosition | null;
  /** As many at most. */
  readonly limit: number;
}

/** A tag and where it stands. */
export interface TagOfLedger extends TagPosition {
  readonly digest: Digest;
  /** When it came to mean this, RFC 3339; `null`: that is not known. */
  readonly created: string | null;
}

const NAME = `name collate "C"`;
const STANDS = "digest is not null and deleted_at is null";
const OF = `repository collate "C" = $1 and ${STANDS}`;
const KEY = instant("pushed_at");
/** The index' expressions: see `ledger.tags_by_push`. */
const HASH = "hashtextextended(name, 0)";
const LEAST_HASH = "-9223372036854775808";

const PAGES: Readonly<Record<`${TagSorting["by"]} ${TagSorting["order"]}`, string>> = {
  "name asc": `select *, '' as key from ledger.tag
    where ${OF} and ($2::text is null or true) and ${NAME} > coalesce($3, '') order by ${NAME} limit $4`,
  "name desc": `select *, '' as key from ledger.tag
    where ${OF} and ($2::text is null or true) and ($3::text is null or ${NAME} < $3) order by ${NAME} desc limit $4`,
  "created_at desc": `select *, ${KEY} as key
    from ledger.tags_by_push($1, coalesce($2, 'infinity')::timestamptz, coalesce($3, ''), $4)`,
  "created_at asc": `select *, ${KEY} as key from ledger.tag
    where hashtextextended(repository, 0) = hashtextextended($1, 0) and repository || '' = $1 and ${STANDS}
      and (pushed_at, ${HASH}) > (coalesce($2, '-infinity')::timestamptz,
        case when $3::text is null then ${LEAST_HASH} else hashtextextended($3, 0) end)
    order by pushed_at, ${HASH} limit $4`,
};

/**
 * @param db - ledger
 * @param query - which
 * @returns tags in that order
 */
export async function readDescribedTags(
  db: SharedDatabase,
  { repository, by, order, after, limit }: DescribedTagsQuery,
): Promise<readonly TagOfLedger[]> {
  const key = after === null || by === "name" ? null : after.key;
  const values = [repository, key, after?.name ?? null, limit];
  const page = PAGES[`${by} ${order}`];
  const read = async (asked: Queryable) => {
    const { rows } = await asked.query<TagOfLedger>(
      `select page.key, page.name, page.digest,
         case when isfinite(page.pushed_at) then ${instant("page.pushed_at")} end as created
       from (${page}) as page`,
      values,
    );
    return rows;
  };
  if (by === "name" || order === "desc") return read(db);
  // By the index: how many tags have a hash is guessed at, and of a repository with many all would be sorted for each page.
  return db.transaction(async (tx) => {
    await tx.query("set local enable_sort = off");
    return read(tx);
  }, repository);
}

/**
 * @param db - pool
 * @param repository - a repository
 * @returns whether all tags that the registry lists are in the ledger
 */
export async function knowsAllTags(db: Queryable, repository: RepositoryName): Promise<boolean> {
  const { rows } = await db.query(
    "select from ledger.repository where name = $1 and compared_at is not null",
    [repository],
  );
  return rows.length > 0;
}
