import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { DELETION_SECONDS } from "./manifest-needs.js";

/** A deletion of which nobody has noted what came of it. */
export interface LostDeletion {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Who deletes; `null` when it began before that was kept. */
  readonly actor: AuditActor | null;
}

/**
 * @param db - pool or transaction
 * @param limit - at most this many
 * @returns deletions that the registry was told of longer ago than they can take, longest ago first
 */
export async function listLostDeletions(db: Queryable, limit: number): Promise<LostDeletion[]> {
  const { rows } = await db.query<LostDeletion>(
    `select repository, digest, deleting_by as actor from ledger.manifest
     where deleting_at < now() - $1 * interval '1 second'
     order by deleting_at limit $2`,
    [DELETION_SECONDS, limit],
  );
  return rows;
}

/**
 * Takes the note of a lost deletion back, unless somebody else has, or has begun another deletion.
 *
 * @param tx - transaction
 * @param lost - the deletion
 * @param buriedBy - puts a tombstone on the manifest, too: who deleted it; `null`: it stands
 * @returns whether a tombstone was put on it: not on one that has one
 */
export async function settleDeletion(
  tx: Queryable,
  { repository, digest }: LostDeletion,
  buriedBy: string | null,
): Promise<boolean> {
  const { rows } = await tx.query<{ isNew: boolean }>(
    `with before as (
       select deleted_at from ledger.manifest
       where repository = $1 and digest = $2
         and deleting_at < now() - $3 * interval '1 second' for update
     )
     update ledger.manifest as settled
     set deleting_at = null, deleting_by = null,
         deleted_at = case when $4::text is null then settled.deleted_at
                           else coalesce(settled.deleted_at, clock_timestamp()) end,
         deleted_by = coalesce(settled.deleted_by, $4::text)
     from before
     where settled.repository = $1 and settled.digest = $2
     returning $4::text is not null and before.deleted_at is null as "isNew"`,
    [repository, digest, DELETION_SECONDS, buriedBy],
  );
  return rows[0]?.isNew ?? false;
}
