import type { Queryable } from "#service-kit/db/pool.js";
import type { TagClaim } from "./reserve-tag.js";

/**
 * Makes a reserved tag mean its digest. A repeat of what it meant already keeps its date and author.
 *
 * @param tx - transaction that also stores the manifest
 * @param claim - the reservation's owner
 * @returns false when the reservation is no longer this claim's: its lease ran out
 */
export async function commitTag(tx: Queryable, claim: TagClaim): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update ledger.tag
     set digest = reserved_digest,
         pushed_by = case when digest = reserved_digest then pushed_by else reserved_by end,
         pushed_at = case when digest = reserved_digest then pushed_at else clock_timestamp() end,
         reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null
     where repository = $1 and name = $2 and reservation = $3`,
    [claim.repository, claim.tag, claim.reservation],
  );
  return rowCount === 1;
}

/**
 * Gives a reserved tag back: it means what it meant before, or is free again.
 *
 * @param tx - transaction
 * @param claim - the reservation's owner; nothing happens when it is no longer this claim's
 */
export async function releaseTag(tx: Queryable, claim: TagClaim): Promise<void> {
  const key = [claim.repository, claim.tag, claim.reservation];
  await tx.query(
    `delete from ledger.tag
     where repository = $1 and name = $2 and reservation = $3 and digest is null`,
    key,
  );
  await tx.query(
    `update ledger.tag
     set reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null
     where repository = $1 and name = $2 and reservation = $3`,
    key,
  );
}
