import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** By what tags can be sorted: names forward, all else backward, so that the newest are first. */
export const TAG_ORDERS = ["name", "pushed", "version", "pulled"] as const;
export type TagOrder = (typeof TAG_ORDERS)[number];

/** A tag as lists show it. */
export interface TagRow {
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string | null;
  readonly artifactType: string | null;
  /** Of an index, as `linux/arm64/v8`. */
  readonly platforms: readonly string[] | null;
  /** Of configuration and layers, in bytes; `null` of an index. */
  readonly size: number | null;
  readonly pushedBy: string;
  readonly pushedAt: Date;
  readonly origin: "pushed" | "adopted";
  readonly lockedBy: string | null;
  readonly lockedAt: Date | null;
  readonly pulls: number;
  readonly pulledAt: Date | null;
  readonly source: {
    readonly url: string;
    readonly revision: string;
    readonly author: string;
    readonly status: string;
  } | null;
  /** Whether a list of referrers stands under the manifest's fallback tag. */
  readonly hasReferrers: boolean;
  /** Whether a signature stands under the manifest's tag `….sig`. */
  readonly hasSignature: boolean;
}

/** Where a page ends; `key` is `null` of one that was never pulled. */
export interface TagPlace {
  readonly key: string | null;
  readonly name: string;
}

/** Which tags are asked for. */
export interface TagQuery {
  readonly repository: RepositoryName;
  readonly after: TagPlace | null;
  readonly limit: number;
}

const STANDS = "tag.digest is not null and tag.deleted_at is null";
const NAME = `tag.name collate "C"`;
const OF = `tag.repository collate "C" = $1 and ${STANDS}`;
/** By the hash, which the index has; the name as it is would lead to another index. */
const HASHED = (table: string): string =>
  `hashtextextended(${table}.repository, 0) = hashtextextended($1, 0) and ${table}.repository || '' = $1`;

/** Each a range of one index. */
const PAGES: Readonly<Record<Exclude<TagOrder, "pulled">, string>> = {
  name: `select tag.*, '' as key from ledger.tag as tag
    where ${OF} and ($2::text is null or true) and ${NAME} > $3 order by ${NAME} limit $4`,
  pushed: `select tag.*, tag.pushed_at::text as key from ledger.tag as tag
    where ${HASHED("tag")} and ${STANDS} and (tag.pushed_at, ${NAME}) < (coalesce($2, 'infinity')::timestamptz, $3)
    order by tag.pushed_at desc, ${NAME} desc limit $4`,
  version: `select tag.*, ledger.version_order(tag.name) as key from ledger.tag as tag
    where ${HASHED("tag")} and ${STANDS} and (ledger.version_order(tag.name) collate "C", ${NAME}) < (coalesce($2, chr(127)), $3)
    order by ledger.version_order(tag.name) collate "C" desc, ${NAME} desc limit $4`,
};

const PULLED = `select tag.*, total.last_at::text as key from ledger.pull_total as total
    cross join lateral (select * from ledger.tag
      where repository = total.repository and name = total.tag limit 1) as tag
  where ${HASHED("total")} and total.tag <> '' and ${STANDS}
    and (total.last_at, total.tag collate "C") < (coalesce($2, 'infinity')::timestamptz, $3)
  order by total.last_at desc, total.tag collate "C" desc limit $4`;
const NEVER_PULLED = `select tag.*, null as key from ledger.tag as tag
  where ${OF} and ($2::text is null or true) and ${NAME} > $3
    and not exists (select from ledger.pull_total as total where total.repository = tag.repository and total.tag = tag.name)
  order by ${NAME} limit $4`;

const shown = (page: string): string =>
  `select page.name, page.digest, page.key, page.pushed_by as "pushedBy", page.pushed_at as "pushedAt", page.origin,
     page.locked_by as "lockedBy", page.locked_at as "lockedAt", manifest.media_type as "mediaType",
     facts.artifact_type as "artifactType", facts.platforms, facts.size::float8 as size,
     coalesce(total.count, 0)::float8 as pulls, total.last_at as "pulledAt",
     case when source.url is not null then json_build_object('url', source.url, 'revision', source.revision,
       'author', source.author, 'status', source.status) end as source,
     exists (select from ledger.tag as beside where beside.repository = page.repository
       and beside.name = replace(page.digest, ':', '-') and beside.digest is not null and beside.deleted_at is null) as "hasReferrers",
     exists (select from ledger.tag as beside where beside.repository = page.repository
       and beside.name = replace(page.digest, ':', '-') || '.sig' and beside.digest is not null and beside.deleted_at is null) as "hasSignature"
   from (select ordered.*, row_number() over () as place from (${page}) as ordered) as page
     left join ledger.manifest as manifest on manifest.repository = page.repository and manifest.digest = page.digest
     left join ledger.manifest_facts as facts on facts.repository = page.repository and facts.digest = page.digest
     left join ledger.pull_total as total on total.repository = page.repository and total.tag = page.name
     left join ledger.scm_source as source on source.repository = page.repository and source.digest = page.digest
   order by page.place`;

/** A tag with its place. */
export type PlacedTag = TagRow & { readonly key: string | null };

/**
 * @param db - pool
 * @param sort - in which order
 * @param query - which of a repository's tags
 * @returns the tags in their order, each with its place
 */
export async function readTags(
  db: Queryable,
  sort: TagOrder,
  { repository, after, limit }: TagQuery,
): Promise<readonly PlacedTag[]> {
  if (sort === "pulled") return readPulled(db, { repository, after, limit });
  const values = [repository, after?.key ?? null, after?.name ?? "", limit];
  const { rows } = await db.query<PlacedTag>(shown(PAGES[sort]), values);
  return rows;
}

/** Those that were pulled, the last one first; then, by name, those that were not. */
async function readPulled(
  db: Queryable,
  { repository, after, limit }: TagQuery,
): Promise<readonly PlacedTag[]> {
  const found: PlacedTag[] = [];
  if (after === null || after.key !== null) {
    const values = [repository, after?.key ?? null, after?.name ?? "", limit];
    const { rows } = await db.query<PlacedTag>(shown(PULLED), values);
    found.push(...rows);
  }
  if (found.length < limit) {
    const name = after === null || after.key !== null ? "" : after.name;
    const values = [repository, null, name, limit - found.length];
    const { rows } = await db.query<PlacedTag>(shown(NEVER_PULLED), values);
    found.push(...rows);
  }
  return found;
}

/** A tag somewhere that means a digest. */
export interface TagOfDigest {
  readonly repository: string;
  readonly name: string;
  readonly pushedBy: string;
  readonly pushedAt: Date;
}

/**
 * @param db - pool
 * @param digest - of a manifest
 * @param after - the tag that they follow, in the order of repository and name; `null`: the first
 * @param limit - as many at most
 * @returns tags that mean it, wherever
 */
export async function readTagsOfDigest(
  db: Queryable,
  digest: string,
  after: Pick<TagOfDigest, "repository" | "name"> | null,
  limit: number,
): Promise<readonly TagOfDigest[]> {
  const { rows } = await db.query<TagOfDigest>(
    `select tag.repository, tag.name, tag.pushed_by as "pushedBy", tag.pushed_at as "pushedAt"
     from ledger.tag as tag where tag.digest = $1 and ${STANDS}
       and (tag.repository collate "C", ${NAME}) > ($2, $3)
     order by tag.repository collate "C", ${NAME} limit $4`,
    [digest, after?.repository ?? "", after?.name ?? "", limit],
  );
  return rows;
}
