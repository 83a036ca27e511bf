import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { BELOW } from "./manifest-needs.js";

/** A manifest that the registry was told to delete, and may still. */
export interface LateDeletion {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Who wanted it deleted, if that is known. */
  readonly actor: AuditActor | null;
  /** Whether the registry carries it out no more. */
  readonly isOver: boolean;
}

/**
 * @param db - pool or transaction
 * @param lateSeconds - after which the registry carries out nothing any more
 * @param limit - at most this many
 * @returns manifests that stand, as far as the ledger knows, longest ago first
 */
export async function listLateDeletions(
  db: Queryable,
  lateSeconds: number,
  limit: number,
): Promise<LateDeletion[]> {
  const { rows } = await db.query<LateDeletion>(
    `select repository, digest, late_by as actor,
            late_since < now() - $1 * interval '1 second' as "isOver"
     from ledger.manifest
     where late_since is not null and deleting_at is null and deleted_at is null
     order by late_since limit $2`,
    [lateSeconds, limit],
  );
  return rows;
}

/**
 * Takes the note back of what the registry carries out no more.
 *
 * @param db - pool or transaction
 * @param late - the manifest; absent: all that are deleted
 * @param lateSeconds - after which the registry carries out nothing any more
 */
export async function forgetLateDeletion(
  db: Queryable,
  late: Pick<LateDeletion, "repository" | "digest"> | null,
  lateSeconds: number,
): Promise<void> {
  await db.query(
    `update ledger.manifest set late_since = null, late_by = null, late_wanted = false
     where late_since < now() - $1 * interval '1 second'
       and (($2::text is null and deleted_at is not null) or (repository = $2 and digest = $3))`,
    [lateSeconds, late?.repository ?? null, late?.digest ?? null],
  );
}

/**
 * What a manifest names is wanted again, whatever the registry was told before.
 *
 * @param tx - transaction that puts the manifest on record
 * @param repository - where it is
 * @param children - manifests that it names
 */
export async function wantBelow(
  tx: Queryable,
  repository: RepositoryName,
  children: readonly Digest[],
): Promise<void> {
  if (children.length === 0) return;
  await tx.query(
    `with recursive ${BELOW}
     update ledger.manifest set late_wanted = true
     where repository = $1 and digest = any (array(select digest from below)) and not late_wanted
       and num_nonnulls(deleting_at, late_since) > 0`,
    [repository, children],
  );
}

/**
 * @param tx - transaction that holds the deletions of the repository back
 * @param late - the manifest
 * @returns whether it was pushed since the registry was told, as of now
 */
export async function isWanted(
  tx: Queryable,
  { repository, digest }: Pick<LateDeletion, "repository" | "digest">,
): Promise<boolean> {
  const { rows } = await tx.query<{ wanted: boolean }>(
    `select late_wanted as wanted from ledger.manifest
     where repository = $1 and digest = $2 for update`,
    [repository, digest],
  );
  return rows[0]?.wanted ?? false;
}
