import type { KnownManifest } from "#audit-log/sql/known-manifests.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { Queryable } from "#service-kit/db/pool.js";

type ManifestKey = Pick<KnownManifest, "repository" | "digest">;

/**
 * Notes what a manifest lacks, in place of what it lacked before.
 *
 * @param tx - transaction that also writes the audit entry
 * @param manifest - the manifest
 * @param parts - digests of all that it lacks
 * @returns those that are news
 */
export async function markMissing(
  tx: Queryable,
  { repository, digest }: ManifestKey,
  parts: readonly Digest[],
): Promise<Digest[]> {
  await tx.query(
    "delete from ledger.missing_part where repository = $1 and digest = $2 and part <> all ($3)",
    [repository, digest, parts],
  );
  const { rows } = await tx.query<{ part: Digest }>(
    `insert into ledger.missing_part (repository, digest, part)
     select $1, $2, unnest($3::text[]) on conflict do nothing returning part`,
    [repository, digest, parts],
  );
  return rows.map(({ part }) => part);
}

/** Notes that nothing is missing, and returns whether that was otherwise before. */
export async function clearMissing(
  db: Queryable,
  { repository, digest }: ManifestKey,
): Promise<boolean> {
  const { rowCount } = await db.query(
    "delete from ledger.missing_part where repository = $1 and digest = $2",
    [repository, digest],
  );
  return (rowCount ?? 0) > 0;
}

/** Forgets what manifests lacked that were deleted since. */
export async function forgetDeleted(db: Queryable): Promise<void> {
  await db.query(
    `delete from ledger.missing_part as missing using ledger.manifest
     where manifest.repository = missing.repository and manifest.digest = missing.digest
       and manifest.deleted_at is not null`,
  );
}

/** @returns manifests that lacked something when they were last looked at */
export async function incompleteManifests(
  session: Queryable,
  limit: number,
): Promise<KnownManifest[]> {
  const { rows } = await session.query<KnownManifest>(
    `select repository, digest,
            exists (select from ledger.manifest where manifest.repository = missing.repository
              and manifest.digest = missing.digest) as "isKept",
            exists (select from ledger.tag where tag.repository = missing.repository
              and tag.digest = missing.digest and tag.deleted_at is null) as "isTagged"
     from (select distinct repository, digest from ledger.missing_part) as missing
     order by repository, digest limit $1`,
    [limit],
  );
  return rows;
}

/** @returns how many manifests lack something */
export async function countIncomplete(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ incomplete: number }>(
    `select count(*)::int as incomplete
     from (select distinct repository, digest from ledger.missing_part) as missing`,
  );
  return rows[0]?.incomplete ?? 0;
}
