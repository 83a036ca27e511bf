import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { ReservedKind } from "./reserve-tag.js";

/** A deletion of a tag that is under way. */
export interface TagRemoval extends TagKey {
  readonly actor: AuditActor;
  /** Unique id of this attempt. */
  readonly reservation: string;
  /** Whether they may push there, and so be told who pulls; absent: no. */
  readonly seesUsers?: boolean;
}

/**
 * Reserves a tag that nobody is writing, so that no push comes between the registry's deletion and the
 * ledger's, and none is undone by a repair. If this gateway dies, the tag is given back as it was. A locked tag
 * is reserved for repairs alone.
 *
 * @param db - pool or transaction
 * @param removal - who wants to delete or repair what
 * @param options - what for, and seconds the reservation lasts
 * @returns what the tag means; `null` when it could not be reserved
 */
export async function reserveHeld(
  db: Queryable,
  { repository, tag, actor, reservation }: TagRemoval,
  {
    kind,
    leaseSeconds,
  }: { kind: Extract<ReservedKind, "removal" | "repair">; leaseSeconds: number },
): Promise<Digest | null> {
  const { rows } = await db.query<{ digest: Digest }>(
    `update ledger.tag
     set reservation = $3, reserved_digest = digest, reserved_by = $4,
         reserved_at = clock_timestamp(), reserved_until = now() + $5 * interval '1 second',
         reserved_origin = $6, reserved_source = null, reserved_kind = $7
     where repository = $1 and name = $2 and reservation is null
       and digest is not null and deleted_at is null
       and (locked_at is null or $7 = 'repair')
     returning digest`,
    [repository, tag, reservation, actor.uid, leaseSeconds, JSON.stringify(actor), kind],
    undefined,
    repository,
  );
  return rows[0]?.digest ?? null;
}
