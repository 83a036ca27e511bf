import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { FoundSource, ScmOrigin, ScmSource } from "../scm-source.js";

/** A manifest of a repository. */
export interface ManifestKey {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** A source as the ledger has it. */
export interface RecordedSource extends FoundSource {
  readonly createdAt: Date;
}

/** What came of keeping a source. */
export interface KeptSource {
  /** Whether anything changed. */
  readonly isNew: boolean;
  /** Another source that was known until now. */
  readonly replaced: FoundSource | null;
}

/**
 * Keeps where a manifest comes from. What is known stays, except that a header counts more than what was found
 * in the image.
 *
 * @param tx - transaction
 * @param key - the manifest
 * @param found - its source
 * @param by - who pushed it
 * @returns whether anything changed, and what it said before when that was something else
 */
export async function insertSource(
  tx: Queryable,
  { repository, digest }: ManifestKey,
  { source, origin }: FoundSource,
  by: string,
): Promise<KeptSource> {
  const { url, revision, author, status } = source;
  const row = [repository, digest, url, revision, author, status, origin, by];
  const { rowCount } = await tx.query(
    `insert into ledger.scm_source
       (repository, digest, url, revision, author, status, origin, pushed_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (repository, digest) do nothing`,
    row,
  );
  if (rowCount === 1) return { isNew: true, replaced: null };
  const known = origin === "header" ? await lockFoundInImage(tx, { repository, digest }) : null;
  if (known === null) return { isNew: false, replaced: null };
  await tx.query(
    `update ledger.scm_source
     set url = $3, revision = $4, author = $5, status = $6, origin = $7, pushed_by = $8,
         created_at = default
     where repository = $1 and digest = $2`,
    row,
  );
  return { isNew: true, replaced: isSame(known.source, source) ? null : known };
}

/** @returns the source, locked, unless a header named it: that one stays */
async function lockFoundInImage(
  tx: Queryable,
  { repository, digest }: ManifestKey,
): Promise<FoundSource | null> {
  const { rows } = await tx.query<ScmSource & { origin: ScmOrigin }>(
    `select url, revision, author, status, origin from ledger.scm_source
     where repository = $1 and digest = $2 and origin <> 'header' for update`,
    [repository, digest],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { origin, ...source } = row;
  return { source, origin };
}

function isSame(one: ScmSource, other: ScmSource): boolean {
  return (["url", "revision", "author", "status"] as const).every(
    (field) => one[field] === other[field],
  );
}

/**
 * @param db - pool or transaction
 * @param key - a manifest
 * @returns where it comes from, or `null` when that is not known
 */
export async function readSource(
  db: Queryable,
  { repository, digest }: ManifestKey,
): Promise<RecordedSource | null> {
  const { rows } = await db.query<{
    url: string;
    revision: string;
    author: string;
    status: string;
    origin: ScmOrigin;
    createdAt: Date;
  }>(
    `select url, revision, author, status, origin, created_at as "createdAt"
     from ledger.scm_source where repository = $1 and digest = $2`,
    [repository, digest],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { origin, createdAt, ...source } = row;
  return { source, origin, createdAt };
}
