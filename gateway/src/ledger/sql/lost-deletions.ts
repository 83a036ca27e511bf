import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable, Transaction } from "#service-kit/db/pool.js";
import { tellDeleted } from "./delete-manifest.js";
import { DELETION_SECONDS } from "./manifest-needs.js";

/** A deletion of which nobody has noted what came of it. */
export interface LostDeletion {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Who deletes; `null` when it began before that was kept. */
  readonly actor: AuditActor | null;
  /** Seconds since the registry was told. */
  readonly openSeconds: number;
}

/**
 * @param db - pool or transaction
 * @param limit - at most this many
 * @returns deletions that the registry was told of longer ago than they can take, longest ago first: those that left a note
 *   on the manifest, and those that reserved tags
 */
export async function listLostDeletions(db: Queryable, limit: number): Promise<LostDeletion[]> {
  const { rows } = await db.query<LostDeletion>(
    `select distinct on (repository, digest) repository, digest, actor,
            extract(epoch from clock_timestamp() - told)::float8 as "openSeconds"
     from (
       (select repository, digest, deleting_by as actor, deleting_at as told from ledger.manifest
        where deleting_at < now() - $1 * interval '1 second'
        order by deleting_at limit $2)
       union all
       (select repository, reserved_digest, reserved_origin, reserved_at from ledger.tag
        where reservation is not null and reserved_until < now()
          and reserved_kind = 'manifest-removal'
        order by reserved_until limit $2)
     ) as lost`,
    [DELETION_SECONDS, limit],
  );
  return rows;
}

/** What became of the note of a lost deletion. */
export interface SettledDeletion {
  /** Whether there was one that counts no more; not, when somebody else has taken it back or begun another deletion. */
  readonly wasNoted: boolean;
  /** Whether a tombstone was put on the manifest: not on one that has one. */
  readonly isNew: boolean;
}

/**
 * Takes the note of a lost deletion back; that the registry may still carry it out stays noted.
 *
 * @param tx - transaction
 * @param lost - the deletion
 * @param buriedBy - puts a tombstone on the manifest, too: who deleted it; `null`: it stands
 * @returns what became of it
 */
export async function settleDeletion(
  tx: Transaction,
  { repository, digest }: Pick<LostDeletion, "repository" | "digest">,
  buriedBy: string | null,
): Promise<SettledDeletion> {
  const { rows } = await tx.query<Pick<SettledDeletion, "isNew">>(
    `with before as (
       select deleted_at from ledger.manifest
       where repository = $1 and digest = $2
         and deleting_at < now() - $3 * interval '1 second' for update
     )
     update ledger.manifest as settled
     set deleting_at = null, deleting_by = null,
         late_since = greatest(settled.late_since, settled.deleting_at),
         late_by = coalesce(settled.deleting_by, settled.late_by),
         deleted_at = case when $4::text is null then settled.deleted_at
                           else coalesce(settled.deleted_at, clock_timestamp()) end,
         deleted_by = coalesce(settled.deleted_by, $4::text)
     from before
     where settled.repository = $1 and settled.digest = $2
     returning $4::text is not null and before.deleted_at is null as "isNew"`,
    [repository, digest, DELETION_SECONDS, buriedBy],
  );
  tellDeleted(tx, repository, digest);
  return { wasNoted: rows.length > 0, isNew: rows[0]?.isNew ?? false };
}
