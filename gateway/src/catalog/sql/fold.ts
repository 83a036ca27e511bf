import { WORK_LOCKS } from "#service-kit/db/locks.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";

/**
 * @param db - pool
 * @returns whether something was changed that is not in the totals yet
 */
export async function hasChanges(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ any: boolean }>(
    `select exists (select from ledger.catalog_change) as any`,
  );
  return rows[0]?.any === true;
}

/**
 * Adds what was changed to the totals, one replica after the other. It need not be on the disk at once: what is lost with the
 * server is noted still.
 *
 * @param db - pool
 * @param most - changes at most
 * @returns how many were added
 */
export async function foldChanges(db: Database, most: number): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock($1)", [WORK_LOCKS.catalog]);
    await tx.query("set local synchronous_commit = off");
    const { rows } = await tx.query<{ folded: number }>(
      "select ledger.fold_changes($1) as folded",
      [most],
    );
    return rows[0]?.folded ?? 0;
  });
}
