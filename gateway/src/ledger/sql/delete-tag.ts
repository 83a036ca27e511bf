import type { Transaction } from "#service-kit/db/pool.js";
import type { TagRemoval } from "./reserve-held-tag.js";
import { tellSettled } from "./settle-tag.js";

/**
 * Puts a tombstone on a reserved tag and gives the reservation back.
 *
 * @param tx - transaction that also writes the audit entry
 * @param removal - the reservation's owner
 * @returns whether the reservation was still this removal's
 */
export async function buryTag(
  tx: Transaction,
  { repository, tag, actor, reservation }: TagRemoval,
): Promise<boolean> {
  const { rows } = await tx.query<{ revision: number }>(
    `update ledger.tag
     set deleted_at = clock_timestamp(), deleted_by = $4,
         reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null,
         reserved_origin = null, reserved_kind = null
     where (repository, name, reservation) = ($1, $2, $3)
     returning revision::float8 as revision`,
    [repository, tag, reservation, actor.uid],
  );
  const [buried] = rows;
  if (buried !== undefined) tellSettled(tx, { repository, tag }, { kind: "deleted", ...buried });
  return buried !== undefined;
}
