import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** What a descriptor says of a manifest besides its digest. */
export interface ManifestFacts {
  readonly mediaType: string;
  /** Of the manifest itself, in bytes. */
  readonly size: number;
}

/**
 * @param db - pool
 * @param repository - a repository
 * @param digests - manifests
 * @returns what the ledger knows of each that it ever saw, deleted ones too
 */
export async function readManifestFacts(
  db: Queryable,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<ReadonlyMap<string, ManifestFacts>> {
  const { rows } = await db.query<ManifestFacts & { digest: string }>(
    `select manifest.digest, media_type as "mediaType", octet_length(content)::float8 as size
     from unnest($2::text[]) as wanted (digest)
       cross join lateral (select * from ledger.manifest
         where repository = $1 and manifest.digest = wanted.digest limit 1) as manifest`,
    [repository, [...new Set(digests)]],
  );
  return new Map(rows.map(({ digest, ...facts }) => [digest, facts]));
}
