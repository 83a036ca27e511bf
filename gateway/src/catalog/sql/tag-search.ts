import type { Queryable } from "#service-kit/db/pool.js";

/** A tag somewhere. */
export interface FoundTag {
  readonly repository: string;
  readonly name: string;
  readonly digest: string;
  readonly pushedBy: string;
  readonly pushedAt: Date;
}

/** Where a page of them ends. */
export type FoundTagPlace = Pick<FoundTag, "repository" | "name">;

/** Which tags are looked for. */
export interface TagsNamed {
  /** What their names begin with; `""`: whatever. */
  readonly beginning: string;
  /** What they follow, by name and repository; `null`: the first ones. */
  readonly after: FoundTagPlace | null;
  readonly limit: number;
}

const SHOWN = `tag.repository, tag.name, tag.digest, tag.pushed_by as "pushedBy", tag.pushed_at as "pushedAt"`;
const STANDS = "tag.digest is not null and tag.deleted_at is null";
/** As the index over all tags has it, and no other. */
const EVERYWHERE = `(tag.name || '') collate "C"`;
/** As the index over a repository's tags has it. */
const IN_ONE = `tag.name collate "C"`;
/** Names are ASCII: behind all that begin so, and before all others. */
const rangeOf = (name: string): string => `${STANDS} and ${name} >= $1 and ${name} < $1 || '~'`;

/**
 * @param db - pool
 * @param named - which of them
 * @returns tags with such names wherever, by name and repository
 */
export async function readTagsNamed(
  db: Queryable,
  { beginning, after, limit }: TagsNamed,
): Promise<readonly FoundTag[]> {
  const { rows } = await db.query<FoundTag>(
    `select ${SHOWN} from ledger.tag as tag
     where ${rangeOf(EVERYWHERE)} and (${EVERYWHERE}, tag.repository collate "C") > ($2, $3)
     order by ${EVERYWHERE}, tag.repository collate "C" limit $4`,
    [beginning, after?.name ?? "", after?.repository ?? "", limit],
  );
  return rows;
}

/**
 * @param db - pool
 * @param repositories - a few repositories, each of which is looked at
 * @param named - which of their tags
 * @returns tags with such names in them, by name and repository
 */
export async function readTagsNamedIn(
  db: Queryable,
  repositories: readonly string[],
  { beginning, after, limit }: TagsNamed,
): Promise<readonly FoundTag[]> {
  const { rows } = await db.query<FoundTag>(
    `select page.* from unnest($5::text[]) as one (repository) cross join lateral (
       select ${SHOWN} from ledger.tag as tag
       where tag.repository collate "C" = one.repository and ${rangeOf(IN_ONE)}
         and ${IN_ONE} >= $2 and (${IN_ONE}, tag.repository collate "C") > ($2, $3)
       order by ${IN_ONE} limit $4
     ) as page
     order by page.name collate "C", page.repository collate "C" limit $4`,
    [beginning, after?.name ?? "", after?.repository ?? "", limit, repositories],
  );
  return rows;
}
