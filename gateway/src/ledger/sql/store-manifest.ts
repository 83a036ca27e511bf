import { algorithmOf, digestOf, type Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import {
  manifestReferences,
  type ManifestReference,
} from "#registry-protocol/manifest/references.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { ManifestBytes, StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { linksOf } from "./manifest-links.js";

/**
 * Keeps a manifest and what it points to; the same one again changes nothing, but brings a deleted one back.
 *
 * @param db - pool or transaction
 * @param repository - where it was pushed
 * @param manifest - what was pushed
 * @param how - `checked` when the registry has just looked for all its parts, `found` when it was only seen there
 * @returns what that changed: `new`, `restored` (a deleted one), or `null` when the ledger had it
 */
export async function storeManifest(
  db: Queryable,
  repository: RepositoryName,
  { digest, mediaType, content, reading }: StoredManifest,
  how: "checked" | "found",
): Promise<"new" | "restored" | null> {
  const references = [...manifestReferences(reading), ...storedAs(digest, content)];
  const { children, subject, moreSubjects } = linksOf(references);
  const { rows } = await db.query<{ change: "new" | "restored" | null }>(
    `with before as (
       select deleted_at from ledger.manifest where repository = $1 and digest = $2
     ), stored as (
       insert into ledger.manifest as kept (repository, digest, media_type, content, linked_at, checked_at)
       values ($1, $2, $3, $4, clock_timestamp(), case when $7 then clock_timestamp() end)
       on conflict (repository, digest) do update
         set linked_at = coalesce(kept.linked_at, excluded.linked_at),
             checked_at = case when kept.deleted_at is null
                               then coalesce(kept.checked_at, excluded.checked_at)
                               else excluded.checked_at end,
             deleted_at = null, deleted_by = null, forgotten_at = null,
             content = case when kept.forgotten_at is null then kept.content else excluded.content end,
             late_wanted = kept.late_wanted or $7
         where kept.linked_at is null
            or ($7 and not kept.late_wanted and num_nonnulls(kept.deleting_at, kept.late_since) > 0) or kept.deleted_at is not null
            or (kept.checked_at is null and excluded.checked_at is not null)
       returning digest
     ), linked as (
       insert into ledger.manifest_link (repository, digest, children, subject)
       select $1, $2, $5::bytea[], $6::bytea where num_nonnulls($5::bytea[], $6::bytea) > 0
       on conflict do nothing
     ), again as (
       update ledger.past_manifest set since = clock_timestamp()
       where repository = $1 and digest = $2 and $7
     ), named as (
       insert into ledger.manifest_reference (repository, digest, kind, target)
       select $1, $2, 'subject', unnest($8::text[]) on conflict do nothing
     )
     select case when not exists (select from stored) then null
                 when not exists (select from before) then 'new'
                 when exists (select from before where deleted_at is not null) then 'restored'
            end as change`,
    [
      ...[repository, digest, mediaType, content, children, subject, how === "checked"],
      moreSubjects.length === 0 ? null : moreSubjects,
    ],
    "store manifest",
  );
  return rows[0]?.change ?? null;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest in it
 * @returns the manifest as it was received, or `null` when the ledger never saw it, or its bytes were forgotten
 */
export async function readManifest(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<ManifestBytes | null> {
  const { rows } = await db.query<ManifestBytes>(
    `select digest, media_type as "mediaType", content from ledger.manifest
     where repository = $1 and digest = $2 and forgotten_at is null`,
    [repository, digest],
  );
  return rows[0] ?? null;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest in it
 * @returns the manifest as it was received; `null` when the ledger never saw it, or it was or is being deleted
 */
export async function readLiveManifest(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<ManifestBytes | null> {
  const { rows } = await db.query<ManifestBytes>(
    `select digest, media_type as "mediaType", content from ledger.manifest
     where repository = $1 and digest = $2 and deleted_at is null and deleting_at is null`,
    [repository, digest],
  );
  return rows[0] ?? null;
}

/** Under another digest than its sha256 it needs that one, which the registry has, as an index needs its children. */
function storedAs(digest: Digest, content: Buffer): ManifestReference[] {
  return algorithmOf(digest) === "sha256" ? [] : [{ kind: "child", target: digestOf(content) }];
}
