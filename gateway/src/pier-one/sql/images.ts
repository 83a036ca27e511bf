import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A tag as Pier One's clients know it. */
export interface ImageTag {
  readonly name: Tag;
  readonly created: Date;
  readonly createdBy: string;
  readonly digest: Digest;
  /** Digest of the configuration, else of the top layer. */
  readonly image: string;
}

const COLUMNS = `tag.name, tag.pushed_at as created, tag.pushed_by as "createdBy", tag.digest,
  coalesce(facts.image, tag.digest) as image`;
const FACTS = `left join ledger.manifest_facts as facts
  on facts.repository = tag.repository and facts.digest = tag.digest`;
const STANDS = "tag.digest is not null and tag.deleted_at is null";

/** In order, so that the index is used, and one tag of each repository looked at. */
export const ANY_TAG_OF = (repository: string): string =>
  `(select true as found from ledger.tag as tag where tag.repository collate "C" = ${repository} and ${STANDS}
    order by tag.name collate "C" limit 1)`;

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @returns its tags, the oldest push first
 */
export async function readImageTags(
  db: Queryable,
  repository: RepositoryName,
): Promise<readonly ImageTag[]> {
  const { rows } = await db.query<ImageTag>(
    `select ${COLUMNS} from ledger.tag as tag ${FACTS}
     where tag.repository collate "C" = $1 and ${STANDS} order by tag.pushed_at, tag.name`,
    [repository],
  );
  return rows;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param tag - a tag in it, none that is virtual
 * @returns the tag, or `null` when it is not known
 */
export async function readImageTag(
  db: Queryable,
  repository: RepositoryName,
  tag: Tag,
): Promise<ImageTag | null> {
  const { rows } = await db.query<ImageTag>(
    `select ${COLUMNS} from ledger.tag as tag ${FACTS}
     where tag.repository = $1 and tag.name = $2 and ${STANDS}`,
    [repository, tag],
  );
  return rows[0] ?? null;
}

/** A tag somewhere that means an image. */
export interface FoundImage {
  readonly image: string;
  readonly repository: string;
  readonly tag: string;
}

/**
 * @param db - pool or transaction
 * @param beginning - beginning of the images' digests
 * @param after - what they come after; `null`: the first
 * @param limit - as many at most
 * @returns tags that mean such images, in the order of image, repository and tag
 */
export async function readTagsOfImages(
  db: Queryable,
  beginning: string,
  after: FoundImage | null,
  limit: number,
): Promise<readonly FoundImage[]> {
  const { rows } = await db.query<FoundImage>(
    `select facts.image, facts.repository collate "C" as repository, tag.name as tag
     from ledger.manifest_facts as facts
       join ledger.tag as tag on tag.repository = facts.repository and tag.digest = facts.digest
     where facts.image >= $1 and facts.image < $1 || chr(127) and ${STANDS}
       and (facts.image, facts.repository collate "C", tag.name collate "C") > ($2, $3, $4)
       and facts.image >= $2
     order by facts.image, facts.repository collate "C", tag.name collate "C" limit $5`,
    [beginning, after?.image ?? "", after?.repository ?? "", after?.tag ?? "", limit],
  );
  return rows;
}

/**
 * @param db - pool or transaction
 * @param repositories - names
 * @returns how many tags each of them has, of those that have any
 */
export async function countTags(
  db: Queryable,
  repositories: readonly string[],
): Promise<readonly { readonly repository: string; readonly tags: number }[]> {
  const { rows } = await db.query<{ repository: string; tags: number }>(
    `select wanted.name as repository, found.tags::float8 as tags
     from unnest($1::text[]) as wanted (name) cross join lateral (
       select count(*) as tags from ledger.tag as tag
       where tag.repository collate "C" = wanted.name and ${STANDS}
     ) as found where found.tags > 0`,
    [repositories],
  );
  return rows;
}

/**
 * @param db - pool or transaction
 * @param repositories - names
 * @returns which of them have a tag, in the order given
 */
export async function withTags(
  db: Queryable,
  repositories: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select wanted.name from unnest($1::text[]) with ordinality as wanted (name, place)
       cross join lateral ${ANY_TAG_OF("wanted.name")} as any_tag
     order by wanted.place`,
    [repositories],
  );
  return rows.map(({ name }) => name);
}

/**
 * @param db - pool or transaction
 * @param repositories - names
 * @returns bytes of their images' configurations and layers, each counted once in a repository however many tags mean it
 */
export async function sizeOfImages(
  db: Queryable,
  repositories: readonly string[],
): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>(
    `select coalesce(sum(size), 0)::float8 as bytes from (
       select distinct on (repository, image) size from ledger.manifest_facts
       where repository = any ($1) order by repository, image
     ) as images`,
    [repositories],
  );
  return rows[0]?.bytes ?? 0;
}

/**
 * @param db - pool or transaction
 * @returns of each team its first repository in the order of the catalog, and whether that has a tag
 */
export async function firstOfTeams(
  db: Queryable,
): Promise<readonly { readonly repository: string; readonly hasTags: boolean }[]> {
  // Of each team one range of the index is begun, and left for the next team's. Between name and slash nothing sorts.
  const { rows } = await db.query<{ repository: string; hasTags: boolean }>(
    `with recursive team (repository) as (
       (select name from ledger.repository order by replace(name, '/', chr(1)) limit 1)
       union all
       select (select name from ledger.repository
               where replace(name, '/', chr(1)) > split_part(team.repository, '/', 1) || chr(1) || chr(127)
               order by replace(name, '/', chr(1)) limit 1)
       from team where team.repository is not null
     )
     select repository, any_tag.found is not null and strpos(repository, '/') > 0 as "hasTags"
     from team left join lateral ${ANY_TAG_OF("team.repository")} as any_tag on true
     where repository is not null`,
  );
  return rows;
}
