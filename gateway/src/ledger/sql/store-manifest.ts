import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { manifestReferences } from "../manifest-references.js";
import { linksOf } from "./manifest-links.js";

/** A manifest as it was received. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Buffer;
}

/**
 * Keeps a manifest and what it points to; the same one again changes nothing, but brings a deleted one back.
 *
 * @param db - pool or transaction
 * @param repository - where it was pushed
 * @param manifest - what was pushed
 * @returns what that changed: `new`, `restored` (a deleted one), or `null` when the ledger had it
 */
export async function storeManifest(
  db: Queryable,
  repository: RepositoryName,
  { digest, mediaType, content }: StoredManifest,
): Promise<"new" | "restored" | null> {
  const { children, subject } = linksOf(manifestReferences(content));
  const { rows } = await db.query<{ change: "new" | "restored" | null }>(
    `with before as (
       select deleted_at from ledger.manifest where repository = $1 and digest = $2
     ), stored as (
       insert into ledger.manifest as kept (repository, digest, media_type, content, linked_at)
       values ($1, $2, $3, $4, clock_timestamp())
       on conflict (repository, digest) do update
         set linked_at = coalesce(kept.linked_at, excluded.linked_at),
             deleted_at = null, deleted_by = null
         where (kept.linked_at is null and kept.parsed_at is null) or kept.deleted_at is not null
       returning digest
     ), linked as (
       insert into ledger.manifest_link (repository, digest, children, subject)
       select $1, $2, $5::bytea[], $6::bytea where num_nonnulls($5::bytea[], $6::bytea) > 0
       on conflict do nothing
     )
     select case when not exists (select from stored) then null
                 when not exists (select from before) then 'new'
                 when exists (select from before where deleted_at is not null) then 'restored'
            end as change`,
    [repository, digest, mediaType, content, children, subject],
    "store manifest",
  );
  return rows[0]?.change ?? null;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest in it
 * @returns the manifest's bytes, or `null` when the ledger never saw them
 */
export async function readManifestContent(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<Buffer | null> {
  const { rows } = await db.query<{ content: Buffer }>(
    `select content from ledger.manifest where repository = $1 and digest = $2`,
    [repository, digest],
  );
  return rows[0]?.content ?? null;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest in it
 * @returns the manifest as it was received, or `null` when the ledger never saw it
 */
export async function readManifest(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<StoredManifest | null> {
  const { rows } = await db.query<StoredManifest>(
    `select digest, media_type as "mediaType", content from ledger.manifest
     where repository = $1 and digest = $2`,
    [repository, digest],
  );
  return rows[0] ?? null;
}
