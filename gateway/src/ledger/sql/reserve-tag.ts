import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagGrounds } from "#tag-policy/tag-grounds.js";
import type { FoundSource } from "../../scm/scm-source.js";

/** What a tag is reserved for. */
export type ReservedKind = "push" | "removal" | "repair" | "manifest-removal";

/** Tags that go with the manifest that they mean are settled with its deletion, and not one by one. */
const ALONE = "reserved_kind is distinct from 'manifest-removal'";

/** A reservation of a tag. */
export interface Reservation extends TagKey {
  /** Unique id of this attempt. */
  readonly reservation: string;
}

/** A reservation that its gateway left behind. */
export interface LostClaim extends TagClaim {
  readonly kind: Exclude<ReservedKind, "manifest-removal">;
  /** Seconds since it began. */
  readonly openSeconds: number;
}

/** A push that wants to write a tag. */
export interface TagClaim extends Reservation {
  readonly digest: Digest;
  readonly actor: AuditActor;
  /** Where what is pushed comes from, if that is known before it is committed. */
  readonly source?: FoundSource | null;
  /** By which rule for tags, as it was decided; absent: whoever settles it did not decide. */
  readonly grounds?: TagGrounds;
}

/**
 * The statement that decides: reserves a tag that nobody is writing and that is free, may change, or was
 * deleted with this very digest. A reservation is a lease, and nobody is promised anything by it: its commit waits
 * neither for the disk nor for a standby. Should Postgres lose it in a crash, the commit of the push finds it missing.
 *
 * @param db - pool; in a transaction, that waits for no disk either
 * @param claim - who wants to write what
 * @param options - seconds the reservation lasts, and whether a held tag may change
 * @returns `null` when the tag could not be reserved for this claim, else whether the ledger knew it before
 */
export async function reserveTag(
  db: Queryable,
  claim: TagClaim,
  options: { leaseSeconds: number; mutable: boolean },
): Promise<"new" | "known" | null> {
  const { rows } = await db.query<{ isNew: boolean }>(
    `insert into ledger.tag as held
       (repository, name, reservation, reserved_digest, reserved_by, reserved_at, reserved_until,
        reserved_origin, reserved_source)
     select $1, $2, $3, $4, $5, clock_timestamp(), now() + $6 * interval '1 second', $8, $9
     from (select set_config('synchronous_commit', 'off', true)) as lease
     on conflict (repository, name) do update
       set reservation = excluded.reservation,
           reserved_digest = excluded.reserved_digest,
           reserved_by = excluded.reserved_by,
           reserved_at = excluded.reserved_at,
           reserved_until = excluded.reserved_until,
           reserved_origin = excluded.reserved_origin,
           reserved_source = excluded.reserved_source,
           reserved_kind = null
       where held.reservation is null
         and (held.digest is null
              or ($7 and held.locked_at is null)
              or (held.deleted_at is not null and held.digest = excluded.reserved_digest))
     returning held.digest is null as "isNew"`,
    [
      claim.repository,
      claim.tag,
      claim.reservation,
      claim.digest,
      claim.actor.uid,
      options.leaseSeconds,
      options.mutable,
      JSON.stringify(claim.actor),
      claim.source == null ? null : JSON.stringify(claim.source),
    ],
    "reserve tag",
    claim.repository,
  );
  const row = rows[0];
  if (row === undefined) return null;
  return row.isNew ? "new" : "known";
}

/**
 * Takes over the reservation of a gateway that has not been heard of for its whole lease.
 *
 * @param db - pool or transaction
 * @param key - the tag
 * @param options - id of the new reservation, and seconds it lasts
 * @returns what was under way, now ours to settle; `null` when there is nothing to take over
 */
export async function takeOverExpired(
  db: Queryable,
  key: TagKey,
  options: { reservation: string; leaseSeconds: number },
): Promise<LostClaim | null> {
  const { rows } = await db.query<
    Pick<LostClaim, "kind" | "openSeconds" | "digest" | "actor" | "source">
  >(
    `update ledger.tag
     set reservation = $3, reserved_until = now() + $4 * interval '1 second'
     where repository = $1 and name = $2 and reserved_until < now() and ${ALONE}
     returning coalesce(reserved_kind, 'push') as kind, reserved_digest as digest,
               reserved_origin as actor, reserved_source as source,
               coalesce(extract(epoch from clock_timestamp() - reserved_at), 0)::float8 as "openSeconds"`,
    [key.repository, key.tag, options.reservation, options.leaseSeconds],
    undefined,
    key.repository,
  );
  const row = rows[0];
  return row === undefined ? null : { ...key, ...row, reservation: options.reservation };
}

/** @returns whether a tag is reserved with this very id */
export async function isReserved(
  db: Queryable,
  { repository, tag, reservation }: Reservation,
): Promise<boolean> {
  const { rowCount } = await db.query(
    "select 1 from ledger.tag where (repository, name, reservation) = ($1, $2, $3)",
    [repository, tag, reservation],
  );
  return rowCount === 1;
}

/**
 * @param db - pool or transaction
 * @param limit - at most this many
 * @returns tags whose reservation's lease ran out, longest ago first
 */
export async function listExpired(db: Queryable, limit: number): Promise<TagKey[]> {
  const { rows } = await db.query<TagKey>(
    `select repository, name as tag from ledger.tag
     where reservation is not null and reserved_until < now() and ${ALONE}
     order by reserved_until limit $1`,
    [limit],
  );
  return rows;
}
