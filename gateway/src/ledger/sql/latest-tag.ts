import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";

/**
 * End of a statement on `ledger.tag` that finds the tag of repository `$1` that was pushed last. Tags of signatures and
 * referrers (`isSignatureTag`) never count. The condition of the index `tag_latest` word for word, or Postgres does not
 * use it; what it does not leave out is left out beside it. A push is newer than all before it ({@link PUSHED_NOW}).
 */
export const NEWEST_PUSHED = `repository = $1 and digest is not null and deleted_at is null
  and name !~ '^sha(256|512)-[0-9a-f]{64}([.](sig|att|sbom))?$'
  and name !~ '^sha384-[0-9a-f]{64}([.](sig|att|sbom))?$'
  and origin = 'pushed' order by pushed_at desc limit 1`;

/** SQL of when something is pushed to repository `$1` now: after all that it had before, also where the clock was ahead then. */
export const PUSHED_NOW = `greatest(clock_timestamp(),
  (select pushed_at from ledger.tag where ${NEWEST_PUSHED}) + interval '1 microsecond')`;

/** Whether a row of `ledger.inherited_latest` still holds: what it names was deleted neither as a tag nor as a manifest. */
const STANDS = `not exists (
    select from ledger.manifest
    where repository = inherited.repository and digest = inherited.digest and deleted_at is not null)
  and (inherited.tag = 'latest' or exists (
    select from ledger.tag
    where repository = inherited.repository and name = inherited.tag and digest = inherited.digest
      and deleted_at is null))`;

/** What virtual `latest` means. */
export interface LatestTag {
  /** `latest` for the registry's own, which the ledger knows by this alone. */
  readonly tag: Tag;
  readonly digest: Digest;
  /** When it was found at the registry; `null` for a tag that was pushed, or locked. */
  readonly foundAt: Date | null;
  /** Grows from one such tag to the next that is pushed. */
  readonly revision: number;
}

/**
 * A tag `latest` that was locked while it was a tag as any other; else the tag that was pushed last; else what was found
 * at the registry before anything was pushed.
 *
 * @param db - pool or transaction
 * @param repository - a repository
 * @returns what virtual `latest` means, or `null` when the ledger does not know
 */
export async function readLatest(
  db: Queryable,
  repository: RepositoryName,
): Promise<LatestTag | null> {
  const { rows } = await db.query<LatestTag>(
    `(select 1 as place, name as tag, digest, null::timestamptz as "foundAt",
         2 ^ 53 as revision from ledger.tag
      where repository = $1 and name = 'latest' and locked_at is not null and deleted_at is null)
     union all
     (select 2, name, digest, null, (extract(epoch from pushed_at) * 1000000)::float8 from ledger.tag where ${NEWEST_PUSHED})
     union all
     (select 3, tag, digest, found_at, 0 from ledger.inherited_latest as inherited
      where repository = $1 and ${STANDS})
     order by place limit 1`,
    [repository],
    "read latest",
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { tag, digest, foundAt, revision } = row;
  return { tag, digest, foundAt, revision };
}

/** What was found at the registry. */
export interface InheritedLatest {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest;
  readonly createdAt: Date | null;
}

/**
 * Records what virtual `latest` means while nothing is pushed. What is recorded stays, unless it was deleted since.
 *
 * @param tx - transaction that also writes the audit entry
 * @param found - what was found
 * @returns whether it was recorded
 */
export async function recordLatest(tx: Queryable, found: InheritedLatest): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into ledger.inherited_latest as inherited (repository, tag, digest, created_at)
     values ($1, $2, $3, $4)
     on conflict (repository) do update
       set tag = excluded.tag, digest = excluded.digest, created_at = excluded.created_at,
           found_at = excluded.found_at
       where not (${STANDS})`,
    [found.repository, found.tag, found.digest, found.createdAt],
  );
  return rowCount === 1;
}

/**
 * Query of the digest that virtual `latest` of repository `$1` means where no tag of the ledger says so: the registry's own
 * one, as long as nothing was pushed. In the column `digest`.
 */
export const OWN_LATEST = `select digest from ledger.inherited_latest
  where repository = $1 and tag = 'latest'
    and not exists (select from ledger.tag where ${NEWEST_PUSHED})`;
