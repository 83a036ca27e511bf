import type { Digest } from "#registry-protocol/digest.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { parentsOf, subjectOf } from "./manifest-links.js";
import type { ManifestKey } from "./tags-of-manifest.js";

/**
 * @param db - pool or transaction
 * @param key - a manifest
 * @param limit - at most this many
 * @returns manifests of its repository that stand and name it as their subject, by digest
 */
export async function readReferrers(
  db: Queryable,
  { repository, digest }: ManifestKey,
  limit: number,
): Promise<Digest[]> {
  const { rows } = await db.query<{ digest: Digest }>(
    `select referrer.digest from ledger.referrer
     where referrer.repository = $1 and referrer.subject = $2
       and not exists (select from ledger.manifest
         where repository = $1 and manifest.digest = referrer.digest and deleted_at is not null)
     order by digest limit $3`,
    [repository, digest, limit],
  );
  return rows.map(({ digest: referrer }) => referrer);
}

/**
 * @param db - pool or transaction
 * @param key - a manifest
 * @returns whether an index of its repository names it, and whether it names a subject
 */
export async function readBelonging(
  db: Queryable,
  { repository, digest }: ManifestKey,
): Promise<{ readonly isPart: boolean; readonly isReferrer: boolean }> {
  const { rows } = await db.query<{ isPart: boolean; isReferrer: boolean }>(
    `select exists (${parentsOf("$2")}) as "isPart", exists (${subjectOf("$2")}) as "isReferrer"`,
    [repository, digest],
  );
  return rows[0] ?? { isPart: false, isReferrer: false };
}
