import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A part of a list, in the order of bytes. */
export interface NamesAfter {
  /** Names after this one, whether there is such a name or not; `""`: from the beginning. */
  readonly after: string;
  /** As many at most; `null`: all. */
  readonly limit: number | null;
}

/** Tags that readers get. */
export interface ListedTags {
  readonly tags: readonly string[];
  /** Whether the registry has one more, named latest. */
  readonly latest: boolean;
  /** Whether there is any in the repository, on whatever page. */
  readonly any: boolean;
}

/**
 * @param db - pool or transaction
 * @param repository - whose tags
 * @param page - which of them
 * @returns the tags, or `null` while the registry may list some that are not known here
 */
export async function readListedTags(
  db: Queryable,
  repository: RepositoryName,
  { after, limit }: NamesAfter,
): Promise<ListedTags | null> {
  const { rows } = await db.query<ListedTags>(
    `select lists_latest and not exists
         (select from ledger.tag where repository = $1 and name = 'latest') as latest,
       -- In order, so that the index is used: without it one repository's first tag is looked for among all there are.
       (select true from ledger.tag as tag where tag.repository collate "C" = $1
          and tag.digest is not null and tag.deleted_at is null
        order by tag.name collate "C" limit 1) is not null as "any", array(
       select tag.name from ledger.tag as tag
       where tag.repository collate "C" = $1 and tag.name collate "C" > $2
         and tag.digest is not null and tag.deleted_at is null
       order by tag.name collate "C" limit $3) as tags
     from ledger.repository where name = $1 and compared_at is not null`,
    [repository, after, limit],
    "list tags",
  );
  return rows[0] ?? null;
}
