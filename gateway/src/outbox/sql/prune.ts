import { WORK_LOCKS } from "#service-kit/db/locks.js";
import type { Database } from "#service-kit/db/pool.js";

const BATCH = 5_000;

/**
 * Forgets events that were delivered long ago. What waits or was given up stays.
 *
 * @param db - pool
 * @param days - how long they are kept
 * @returns how many events were forgotten; 0 while another replica is at it
 */
export async function pruneEvents(db: Database, days: number): Promise<number> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ locked: boolean }>(
      "select pg_try_advisory_xact_lock($1) as locked",
      [WORK_LOCKS["old events"]],
    );
    if (rows[0]?.locked !== true) return 0;
    const { rowCount } = await tx.query(
      `with old as (
         select event.id from ledger.event
         where occurred_at < clock_timestamp() - $1 * interval '1 day'
           and not exists (select 1 from ledger.delivery
                           where delivery.event = event.id and delivery.state <> 'delivered')
         order by occurred_at limit $2
       ), deliveries as (delete from ledger.delivery using old where delivery.event = old.id)
       delete from ledger.event using old where event.id = old.id`,
      [days, BATCH],
    );
    return rowCount ?? 0;
  });
}
