import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { DELETION_SECONDS } from "./manifest-needs.js";

/** A push of a manifest by digest that is under way. */
export interface ManifestPush {
  /** Unique id of this attempt. */
  readonly id: string;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly actor: AuditActor;
}

/** One of which its gateway has not noted in time what came of it. */
export interface LostManifestPush extends ManifestPush {
  /** Seconds since the registry was told. */
  readonly openSeconds: number;
}

/**
 * Notes that the registry is about to be told to store a manifest.
 *
 * @param db - pool or transaction
 * @param push - the manifest, and who pushes it
 * @param seconds - after which its gateway counts as lost
 */
export async function noteManifestPush(
  db: Queryable,
  { id, repository, digest, actor }: ManifestPush,
  seconds: number,
): Promise<void> {
  await db.query(
    `insert into ledger.manifest_push (id, repository, digest, actor, unsettled_at)
     values ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 second')`,
    [id, repository, digest, JSON.stringify(actor), seconds],
    "note manifest push",
    repository,
  );
}

/**
 * Takes the note back: what came of the push is known.
 *
 * @param db - pool, or the transaction that puts it on record
 * @param push - the push
 * @returns whether nobody had done so before
 */
export async function endManifestPush(
  db: Queryable,
  { id, repository }: Pick<ManifestPush, "id" | "repository">,
): Promise<boolean> {
  const { rowCount } = await db.query(
    "delete from ledger.manifest_push where id = $1",
    [id],
    "end manifest push",
    repository,
  );
  return rowCount === 1;
}

/**
 * Takes the note back of a push that the registry has stored, unless the manifest was deleted since it was told, or that is
 * under way: then nobody can tell which of both came first there.
 *
 * @param tx - transaction that puts it on record
 * @param push - the push
 * @returns whether it was deleted meanwhile
 */
export async function endStoredPush(
  tx: Queryable,
  { id }: Pick<ManifestPush, "id">,
): Promise<boolean> {
  const { rows } = await tx.query<{ deleted: boolean }>(
    `with meanwhile as (
       select from ledger.manifest_push push join ledger.manifest
         on manifest.repository = push.repository and manifest.digest = push.digest
       where push.id = $1 and greatest(manifest.deleting_at + $2 * interval '1 second', manifest.deleted_at)
                              > push.noted_at
       for update of manifest
     ), ended as (
       delete from ledger.manifest_push where id = $1 and not exists (select from meanwhile)
     )
     select exists (select from meanwhile) as deleted`,
    [id, DELETION_SECONDS],
    "end stored push",
  );
  return rows[0]?.deleted ?? false;
}

/** Seconds after which the gateway of a push by digest counts as lost. */
export const UNSETTLED_SECONDS = 60;

/**
 * Takes the notes back of all pushes of a manifest whose gateway counts as lost.
 *
 * @param tx - transaction that puts it on record
 * @param key - the manifest
 * @returns who pushed it, of each
 */
export async function endLostManifestPushes(
  tx: Queryable,
  { repository, digest }: Pick<ManifestPush, "repository" | "digest">,
): Promise<AuditActor[]> {
  const { rows } = await tx.query<{ actor: AuditActor }>(
    `delete from ledger.manifest_push
     where repository = $1 and digest = $2 and noted_at < clock_timestamp() - $3 * interval '1 second'
     returning actor`,
    [repository, digest, UNSETTLED_SECONDS],
  );
  return rows.map(({ actor }) => actor);
}

/**
 * @param db - pool or transaction
 * @param limit - at most this many
 * @returns pushes of which their gateway has not noted in time what came of them, longest ago first
 */
export async function listLostManifestPushes(
  db: Queryable,
  limit: number,
): Promise<LostManifestPush[]> {
  const { rows } = await db.query<LostManifestPush>(
    `select id, repository, digest, actor,
            extract(epoch from clock_timestamp() - noted_at)::float8 as "openSeconds"
     from ledger.manifest_push where unsettled_at < now() order by unsettled_at limit $1`,
    [limit],
  );
  return rows;
}

/**
 * Has a push looked at again later.
 *
 * @param db - pool or transaction
 * @param push - the push
 * @param seconds - from now
 */
export async function lookAtPushAgain(
  db: Queryable,
  { id, repository }: Pick<ManifestPush, "id" | "repository">,
  seconds: number,
): Promise<void> {
  await db.query(
    `update ledger.manifest_push set unsettled_at = clock_timestamp() + $2 * interval '1 second'
     where id = $1`,
    [id, seconds],
    undefined,
    repository,
  );
}
