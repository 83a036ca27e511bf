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

const OVERDUE = "(late_since < now() - ($1 + 60) * interval '1 second')";

/**
 * @param db - pool or transaction
 * @param options - seconds after which the registry carries out nothing any more; at most how many; and whether those count
 *   that are still not as they should be a minute after that
 * @returns manifests that stand, as far as the ledger knows, longest ago first
 */
export async function listLateDeletions(
  db: Queryable,
  {
    lateSeconds,
    limit,
    overdue,
  }: { readonly lateSeconds: number; readonly limit: number; readonly overdue: boolean },
): Promise<LateDeletion[]> {
  const { rows } = await db.query<LateDeletion>(
    `select repository, digest, late_by as actor,
            late_since < now() - $1 * interval '1 second' as "isOver"
     from ledger.manifest
     where late_since is not null and deleting_at is null and deleted_at is null
       and ($3 or not ${OVERDUE})
     order by late_since limit $2`,
    [lateSeconds, limit, overdue],
  );
  return rows;
}

/**
 * @param db - pool or transaction
 * @param lateSeconds - after which the registry carries out nothing any more
 * @returns how many are still not as they should be a minute after that
 */
export async function countOverdueDeletions(db: Queryable, lateSeconds: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from ledger.manifest
     where deleting_at is null and deleted_at is null and ${OVERDUE}`,
    [lateSeconds],
  );
  return rows[0]?.count ?? 0;
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
 * Nothing more is waited for of a deletion: the manifest is looked at once more, soon. One that was looked at ever since it
 * could be carried out no more is forgotten.
 *
 * @param tx - transaction that puts it on record
 * @param late - the manifest
 * @param lateSeconds - after which the registry carries out nothing any more
 * @returns whether anything was waited for, or looked at
 */
export async function expectNoDeletion(
  tx: Queryable,
  { repository, digest }: Pick<LateDeletion, "repository" | "digest">,
  lateSeconds: number,
): Promise<boolean> {
  const isOver = "late_since < now() - $3 * interval '1 second'";
  const { rowCount } = await tx.query(
    `update ledger.manifest
     set late_since = case when ${isOver} then null
                           else clock_timestamp() - ($3 + 1) * interval '1 second' end,
         late_by = case when ${isOver} then null else late_by end,
         late_wanted = late_wanted and not ${isOver}
     where repository = $1 and digest = $2 and late_since is not null
       and deleting_at is null and deleted_at is null`,
    [repository, digest, lateSeconds],
  );
  return rowCount === 1;
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
