import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** Which referrers are asked for. */
export interface ReferrerQuery {
  readonly repository: RepositoryName;
  readonly subject: Digest;
  /** `null`: of whatever kind. */
  readonly artifactType: string | null;
  /** The last one seen; `null`: from the beginning. */
  readonly after: string | null;
  /** At most so many, at least one. */
  readonly limit: number;
  /** Of all descriptors together, unless the first one is larger by itself. */
  readonly bytes: number;
}

/** Some referrers, in the order of their digests. */
export interface ReferrerPage {
  /** JSON of each, with commas between: made by Postgres, which sends one row for it in place of a thousand. */
  readonly descriptors: string;
  /** Digest of the last one; `null`: there is none. */
  readonly last: string | null;
  readonly hasMore: boolean;
}

/** In the collation of the columns that it is compared with: in its own, "C", no index of theirs can be used. */
const REFERRER = `referrer.digest collate "default"`;

/** Neither deleted, nor being deleted, nor known to be lost at the registry. Looked up one by one, whatever Postgres guesses. */
export const STANDING = `lateral (
    select from ledger.manifest
    where manifest.repository = $1 and manifest.digest = ${REFERRER} and deleted_at is null and deleting_at is null
      and not exists (select from ledger.missing_part as missing
        where missing.repository = $1 and missing.digest = ${REFERRER} and missing.part = ${REFERRER})
    offset 0
  ) as standing`;

/**
 * @param db - pool
 * @param query - which referrers
 * @returns those that stand
 */
export async function readReferrerPage(
  db: Queryable,
  { repository, subject, artifactType, after, limit, bytes }: ReferrerQuery,
): Promise<ReferrerPage> {
  // One more than is sent is looked for, of which nothing is read but that it is there.
  const { rows } = await db.query<ReferrerPage>(
    `select coalesce(string_agg(descriptor, ',' order by place) filter (where fits), '') as descriptors,
            max(digest) filter (where fits) as last, coalesce(bool_or(not fits), false) as "hasMore"
     from (
       select digest, descriptor, place, place = 1 or (place <= $5 and upto <= $6) as fits
       from (
         select digest, descriptor, row_number() over sorted as place,
                sum(octet_length(descriptor)) over sorted as upto
         from (
           select referrer.digest, referrer.descriptor
           from ledger.referrer cross join ${STANDING}
           where referrer.repository = $1 and referrer.subject = $2 and referrer.digest > $3
             and ($4::text is null or referrer.artifact_type = $4)
           order by referrer.digest limit $5 + 1
         ) as listed
         window sorted as (order by digest)
       ) as placed
     ) as page`,
    [repository, subject, after ?? "", artifactType, limit, bytes],
    "list referrers",
  );
  return rows[0] ?? { descriptors: "", last: null, hasMore: false };
}

/** Whether what an older client wrote under a fallback tag is known. */
export interface FallbackState {
  /** What the ledger says that the tag means; `null`: nothing. */
  readonly tagged: Digest | null;
  /** What it meant when it was read; `null`: there was none then, `undefined`: it never was. */
  readonly read: Digest | null | undefined;
}

/**
 * @param db - pool
 * @param key - a subject
 * @param tag - its fallback tag
 * @returns what is known of that
 */
export async function readFallbackState(
  db: Queryable,
  { repository, subject }: Pick<ReferrerQuery, "repository" | "subject">,
  tag: Tag,
): Promise<FallbackState> {
  const { rows } = await db.query<{ tagged: Digest | null; digest: Digest | null; read: boolean }>(
    `select (select digest from ledger.tag
             where repository = $1 and name = $3 and deleted_at is null) as tagged,
            seen.digest, seen.repository is not null as read
     from (select) as nothing
       left join ledger.fallback_read as seen on seen.repository = $1 and seen.subject = $2`,
    [repository, subject, tag],
    "read fallback state",
  );
  const [row] = rows;
  if (row === undefined) return { tagged: null, read: undefined };
  return { tagged: row.tagged, read: row.read ? row.digest : undefined };
}

/**
 * @param db - pool
 * @param key - a subject
 * @param digest - what its fallback tag meant when all that it lists was learned; `null`: there was none
 */
export async function noteFallbackRead(
  db: Queryable,
  { repository, subject }: Pick<ReferrerQuery, "repository" | "subject">,
  digest: Digest | null,
): Promise<void> {
  await db.query(
    `insert into ledger.fallback_read (repository, subject, digest) values ($1, $2, $3)
     on conflict (repository, subject) do update
       set digest = excluded.digest, read_at = excluded.read_at
       where fallback_read.digest is distinct from excluded.digest`,
    [repository, subject, digest],
  );
}

/**
 * @param db - pool
 * @param repository - a repository
 * @param digests - manifests
 * @returns those of them of which the ledger does not know what they point to
 */
export async function readNotRead(
  db: Queryable,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<Digest[]> {
  const { rows } = await db.query<{ digest: Digest }>(
    `select wanted.digest from unnest($2::text[]) with ordinality as wanted (digest, place)
     where not exists (select from ledger.manifest
       where repository = $1 and manifest.digest = wanted.digest
         and num_nonnulls(linked_at, parsed_at) > 0)
     order by wanted.place`,
    [repository, digests],
  );
  return rows.map(({ digest }) => digest);
}
