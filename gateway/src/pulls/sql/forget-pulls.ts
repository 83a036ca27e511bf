import type { Queryable } from "#service-kit/db/pool.js";

const PRUNE_BATCH = 10_000;

/**
 * Forgets what is old, a part of it at a time: a statement has ten seconds.
 *
 * @param db - pool or transaction
 * @param days - how long a pull is kept after the last of its kind
 * @returns how many were forgotten; 0 when none is old any more
 */
export async function prunePulls(db: Queryable, days: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from ledger.pull where ctid = any (array(
       select ctid from ledger.pull where last_at < now() - $1 * interval '1 day' limit $2))`,
    [days, PRUNE_BATCH],
  );
  return rowCount ?? 0;
}
