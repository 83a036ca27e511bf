import type { RepositoryName } from "#registry-protocol/repository-name.js";
import {
  BUNDLE_TYPE,
  PREDICATE,
  SIGNATURE_TYPES,
  SIGNED,
} from "#registry-protocol/manifest/referrer-kind.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { instant } from "./shown.js";

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
  /** Whether the manifest has referrers: known ones, or a list of them under its fallback tag. */
  readonly hasReferrers: boolean;
  /** Whether a signature refers to the manifest, or stands under its tag `….sig`. */
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

/** Each a range of one index, of which the functions see to it that it is read. */
const PAGES: Readonly<Record<TagOrder, string>> = {
  name: `select tag.*, '' as key from ledger.tag as tag
    where ${OF} and ($2::text is null or true) and ${NAME} > $3 order by ${NAME} limit $4`,
  pushed: `select tag.*, ${instant("tag.pushed_at")} as key
    from ledger.tags_by_push($1, coalesce($2, 'infinity')::timestamptz, $3, $4) as tag`,
  version: `select tag.*, ledger.version_order(tag.name) as key
    from ledger.tags_by_version($1, coalesce($2, chr(127)), $3, $4) as tag`,
  pulled: `select tag.*, ${instant("total.last_at")} as key
    from ledger.tags_by_pull($1, coalesce($2, 'infinity')::timestamptz, $3, $4) with ordinality as tag
      join lateral (select last_at from ledger.pull_total where repository = tag.repository and pull_total.tag = tag.name limit 1)
        as total on true
    order by tag.ordinality`,
};
const NEVER_PULLED = `select tag.*, null as key from ledger.tag as tag
  where ${OF} and ($2::text is null or true) and ${NAME} > $3
    and not exists (select from ledger.pull_total as total where total.repository = tag.repository and total.tag = tag.name)
  order by ${NAME} limit $4`;

/** As `referrerKind` has it. */
const IS_SIGNATURE = `(artifact_type in (${SIGNATURE_TYPES.map((type) => `'${type}'`).join(", ")})
  or coalesce(descriptor::jsonb #>> '{annotations,${PREDICATE}}',
    case when starts_with(artifact_type, '${BUNDLE_TYPE}') then '${SIGNED}' end) = '${SIGNED}')`;

/** Each looked up by its key, whatever the database guesses of how many there are. */
const beside = (table: string, condition: string, name = table): string =>
  `left join lateral (select * from ledger.${table} where repository = page.repository and ${condition} limit 1) as ${name} on true`;
const shown = (page: string): string =>
  `select page.name, page.digest, page.key, page.pushed_by as "pushedBy", page.pushed_at as "pushedAt", page.origin,
     page.locked_by as "lockedBy", page.locked_at as "lockedAt", manifest.media_type as "mediaType",
     facts.artifact_type as "artifactType", facts.platforms, facts.size::float8 as size,
     coalesce(total.count, 0)::float8 as pulls, total.last_at as "pulledAt",
     case when source.url is not null then json_build_object('url', source.url, 'revision', source.revision,
       'author', source.author, 'status', source.status) end as source,
     exists (select from ledger.tag as beside where beside.repository = page.repository
       and beside.name = replace(page.digest, ':', '-') and beside.digest is not null and beside.deleted_at is null)
     or exists (select from ledger.referrer join ledger.manifest as standing
         on standing.repository = referrer.repository and standing.digest = referrer.digest and standing.deleted_at is null
       where referrer.repository = page.repository and referrer.subject = page.digest) as "hasReferrers",
     exists (select from ledger.tag as beside where beside.repository = page.repository
       and beside.name = replace(page.digest, ':', '-') || '.sig' and beside.digest is not null and beside.deleted_at is null)
     or exists (select from ledger.referrer join ledger.manifest as standing
         on standing.repository = referrer.repository and standing.digest = referrer.digest and standing.deleted_at is null
       where referrer.repository = page.repository and referrer.subject = page.digest and ${IS_SIGNATURE}) as "hasSignature"
   from (select ordered.*, row_number() over () as place from (${page}) as ordered) as page
     ${beside("manifest", "digest = page.digest")}
     ${beside("manifest_facts", "digest = page.digest", "facts")}
     ${beside("pull_total", "tag = page.name", "total")}
     ${beside("scm_source", "digest = page.digest", "source")}
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
    const { rows } = await db.query<PlacedTag>(shown(PAGES.pulled), values);
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

/** A part of the tags that mean a digest. */
export interface TagsOfDigestQuery {
  /** Of a manifest. */
  readonly digest: string;
  /** Of these repositories alone; `null`: of all. */
  readonly repositories: readonly string[] | null;
  /** The tag that they follow, in the order of repository and name; `null`: the first. */
  readonly after: Pick<TagOfDigest, "repository" | "name"> | null;
  readonly limit: number;
}

const TAG_OF_DIGEST = `tag.repository, tag.name, tag.pushed_by as "pushedBy", tag.pushed_at as "pushedAt"`;
const BY_NAMES = `tag.repository collate "C", ${NAME}`;
const FOLLOWS = `tag.digest = $1 and ${STANDS} and (${BY_NAMES}) > ($2, $3)`;
/** Each reads an index of its own. */
const OF_DIGEST = {
  everywhere: `select ${TAG_OF_DIGEST} from ledger.tag as tag
    where hashtextextended(tag.digest, 0) = hashtextextended($1, 0) and ${FOLLOWS} and $5::text[] is null
    order by ${BY_NAMES} limit $4`,
  inSome: `select ${TAG_OF_DIGEST}
    from unnest($5::text[]) as one (repository) join ledger.tag as tag on tag.repository = one.repository
    where ${FOLLOWS} order by ${BY_NAMES} limit $4`,
};

/**
 * @param db - pool
 * @param query - which of them
 * @returns tags that mean a digest
 */
export async function readTagsOfDigest(
  db: Queryable,
  { digest, repositories, after, limit }: TagsOfDigestQuery,
): Promise<readonly TagOfDigest[]> {
  const { rows } = await db.query<TagOfDigest>(
    repositories === null ? OF_DIGEST.everywhere : OF_DIGEST.inSome,
    [digest, after?.repository ?? "", after?.name ?? "", limit, repositories],
  );
  return rows;
}
