import type { Database, Queryable } from "#service-kit/db/pool.js";

/**
 * Writes past the triggers that keep the audit log append-only, as whoever administers the database can.
 *
 * @param db - an audit log
 * @param work - what is written
 */
export function forge(
  db: Pick<Database, "transaction">,
  work: (tx: Queryable) => Promise<unknown>,
): Promise<void> {
  return db.transaction(async (tx) => {
    await tx.query("set local session_replication_role = replica");
    await work(tx);
  });
}
