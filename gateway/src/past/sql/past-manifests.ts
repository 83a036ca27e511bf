import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { childrenOf, parentsOf } from "../../ledger/sql/manifest-links.js";

/** A manifest that may be past. */
export interface PastManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** Where a page ends: times as the database writes them, so that nothing of them is lost. */
export interface PastPlace extends PastManifest {
  readonly since: string;
}

/**
 * Of `past` and `kept`, for `days` as `$1`: it stands, no tag means it or is being made to, nothing that stands needs it or names it
 * as its subject, and nobody has pulled it for that long. That of a manifest below an index counts as that index's.
 */
const IS_PAST = `past.since < clock_timestamp() - $1 * interval '1 day'
  and kept.deleted_at is null and kept.deleting_at is null
  and not exists (select from ledger.tag
    where hashtextextended(tag.digest, 0) = hashtextextended(past.digest, 0)
      and tag.repository collate "C" = past.repository and tag.digest = past.digest
      and tag.digest is not null and tag.deleted_at is null)
  and not exists (select from ledger.manifest_push as push
    where push.repository = past.repository and push.digest = past.digest)
  and not exists (select from (${parentsOf("past.digest", "past.repository")}) as above
    left join ledger.manifest as parent on parent.repository = past.repository and parent.digest = above.digest
    where parent.deleted_at is null)
  and not exists (select from ledger.referrer
    join ledger.manifest as naming on naming.repository = referrer.repository and naming.digest = referrer.digest
    where referrer.repository = past.repository and referrer.subject = past.digest and naming.deleted_at is null)
  and not exists (select from ledger.pull
    where pull.digest = past.digest and pull.repository = past.repository
      and pull.last_at > clock_timestamp() - $1 * interval '1 day')`;
const PAST = `from ledger.past_manifest as past join ledger.manifest as kept
  on kept.repository = past.repository and kept.digest = past.digest`;

/**
 * @param db - pool
 * @param days - for how long the past is kept
 * @param after - the one that they follow; `null`: the first
 * @param limit - so many at most
 * @returns manifests whose time is over, those first that are past the longest
 */
export async function readPast(
  db: Queryable,
  days: number,
  after: PastPlace | null,
  limit: number,
): Promise<PastPlace[]> {
  const { rows } = await db.query<PastPlace>(
    `select past.repository, past.digest, past.since::text as since ${PAST}
     where ${IS_PAST} and (past.since, past.repository, past.digest) > (coalesce($2::timestamptz, '-infinity'), $3, $4)
     order by past.since, past.repository, past.digest limit $5`,
    [days, after?.since ?? null, after?.repository ?? "", after?.digest ?? "", limit],
  );
  return rows;
}

/**
 * @param tx - transaction that decides on its deletion
 * @param manifest - one of {@link readPast}
 * @param days - for how long the past is kept
 * @returns whether it is still one of them
 */
export async function isPast(
  tx: Queryable,
  { repository, digest }: PastManifest,
  days: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select ${PAST} where past.repository = $2 and past.digest = $3 and ${IS_PAST}`,
    [days, repository, digest],
  );
  return rowCount === 1;
}

/**
 * What names a past manifest as its subject is past with it, unless a tag means it; it goes first.
 *
 * @param db - pool
 * @param days - for how long the past is kept
 */
export async function notePastReferrers(db: Queryable, days: number): Promise<void> {
  await db.query(
    `insert into ledger.past_manifest (repository, digest, since)
     select naming.repository, naming.digest, greatest(past.since, naming.stored_at)
     from ledger.past_manifest as past
       join ledger.referrer on referrer.repository = past.repository and referrer.subject = past.digest
       join ledger.manifest as naming on naming.repository = referrer.repository and naming.digest = referrer.digest
     where past.since < clock_timestamp() - $1 * interval '1 day' and naming.deleted_at is null
     on conflict (repository, digest) do nothing`,
    [days],
  );
}

/**
 * Forgets the bytes of a manifest that was deleted. What was below it is past with it.
 *
 * @param tx - transaction that puts it on record
 * @param manifest - a manifest
 * @returns how many bytes; `null`: it was pushed again meanwhile, or they are forgotten
 */
export async function forgetBytes(
  tx: Queryable,
  { repository, digest }: PastManifest,
): Promise<number | null> {
  const { rows } = await tx.query<{ bytes: number }>(
    `with before as (
       select octet_length(content) as bytes from ledger.manifest
       where repository = $1 and digest = $2 and deleted_at is not null and deleting_at is null and forgotten_at is null
       for update
     ), forgotten as (
       update ledger.manifest set content = '', forgotten_at = clock_timestamp() from before
       where repository = $1 and digest = $2 returning before.bytes
     ), past as (
       delete from ledger.past_manifest where repository = $1 and digest = $2 returning since
     ), below as (
       insert into ledger.past_manifest (repository, digest, since)
       select $1, child.digest, greatest(past.since, kept.stored_at)
       from past cross join (${childrenOf("$2")}) as child
         join ledger.manifest as kept on kept.repository = $1 and kept.digest = child.digest
       where kept.deleted_at is null and exists (select from forgotten)
       on conflict (repository, digest) do nothing
     )
     select bytes from forgotten`,
    [repository, digest],
  );
  return rows[0]?.bytes ?? null;
}

/**
 * @param db - pool
 * @param days - for how long the bytes of what was deleted are kept
 * @param limit - so many at most
 * @returns manifests that were deleted longer ago, and have their bytes still
 */
export async function readLongDeleted(
  db: Queryable,
  days: number,
  limit: number,
): Promise<PastManifest[]> {
  const { rows } = await db.query<PastManifest>(
    `select repository, digest from ledger.manifest
     where deleted_at < clock_timestamp() - $1 * interval '1 day' and forgotten_at is null and deleting_at is null
     order by deleted_at, repository, digest limit $2`,
    [days, limit],
  );
  return rows;
}

/**
 * Of manifests that tags have meant before there was a note of it, their time begins now.
 *
 * @param db - pool
 * @param manifests - what tags have meant
 */
export async function noteEarlier(
  db: Queryable,
  manifests: readonly Readonly<Record<"repository" | "digest", string>>[],
): Promise<void> {
  await db.query(
    `insert into ledger.past_manifest (repository, digest)
     select distinct kept.repository, kept.digest
     from unnest($1::text[], $2::text[]) as meant (repository, digest)
       join ledger.manifest as kept on kept.repository = meant.repository and kept.digest = meant.digest
     where kept.deleted_at is null and not exists (select from ledger.tag
       where hashtextextended(tag.digest, 0) = hashtextextended(kept.digest, 0)
         and tag.repository collate "C" = kept.repository and tag.digest = kept.digest
         and tag.digest is not null and tag.deleted_at is null)
     on conflict (repository, digest) do nothing`,
    [manifests.map(({ repository }) => repository), manifests.map(({ digest }) => digest)],
  );
}

/**
 * @param db - pool
 * @param manifest - what a client asked for, and the registry does not have
 * @returns when it was forgotten; `null`: it was not
 */
export async function readForgotten(
  db: Queryable,
  { repository, digest }: PastManifest,
): Promise<Date | null> {
  const { rows } = await db.query<{ at: Date | null }>(
    "select forgotten_at as at from ledger.manifest where repository = $1 and digest = $2",
    [repository, digest],
  );
  return rows[0]?.at ?? null;
}
