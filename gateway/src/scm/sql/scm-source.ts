import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { FoundSource, ScmOrigin } from "../scm-source.js";

/** A manifest of a repository. */
export interface ManifestKey {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** A source as the ledger has it. */
export interface RecordedSource extends FoundSource {
  readonly createdAt: Date;
}

/**
 * Keeps where a manifest comes from. What is known stays, except that a header counts more than what was found
 * in the image.
 *
 * @param db - pool or transaction
 * @param key - the manifest
 * @param found - its source
 * @param by - who pushed it
 * @returns whether anything changed
 */
export async function insertSource(
  db: Queryable,
  { repository, digest }: ManifestKey,
  { source, origin }: FoundSource,
  by: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into ledger.scm_source as known
       (repository, digest, url, revision, author, status, origin, pushed_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (repository, digest) do update
       set url = excluded.url, revision = excluded.revision, author = excluded.author,
           status = excluded.status, origin = excluded.origin, pushed_by = excluded.pushed_by,
           created_at = excluded.created_at
       where excluded.origin = 'header' and known.origin <> 'header'`,
    [repository, digest, source.url, source.revision, source.author, source.status, origin, by],
  );
  return rowCount === 1;
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
