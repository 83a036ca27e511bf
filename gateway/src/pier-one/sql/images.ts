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
