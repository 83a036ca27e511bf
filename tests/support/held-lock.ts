import type { Database, Queryable, Transaction } from "#service-kit/db/pool.js";
import { eventually } from "./eventually.js";
import { gate } from "./gate.js";

/**
 * Test files share one Postgres, and tables of databases that were copied have the same numbers: the waiters of others do not count.
 *
 * @param db - pool or transaction
 * @param table - with its schema; absent: an advisory lock
 * @returns how many sessions of this database wait for a lock of that kind
 */
export async function lockWaiters(db: Queryable, table: string | null = null): Promise<number> {
  const { rows } = await db.query<{ waiting: number }>(
    `select count(*)::int as waiting from pg_locks
     where not granted and database = (select oid from pg_database where datname = current_database())
       and case when $1::text is null then locktype = 'advisory' else relation = to_regclass($1) end`,
    [table],
  );
  return rows[0]?.waiting ?? 0;
}

/**
 * Does something while another transaction holds a lock of Postgres', which is given up once somebody waits for one.
 *
 * @param db - where the lock is held
 * @param lock - takes it
 * @param work - what is to wait for it
 * @returns what came of the work, and whether it waited until the lock was given up
 */
export async function whileLocked<T>(
  db: Database,
  lock: (tx: Transaction) => Promise<void>,
  work: () => Promise<T>,
): Promise<{ readonly hasWaited: boolean; readonly outcome: T }> {
  const [isLocked, mayEnd] = [gate(), gate()];
  const holding = db.transaction(async (tx) => {
    await lock(tx);
    isLocked.open();
    await mayEnd.opened;
  });
  await isLocked.opened;
  let isDone = false;
  const working = work().finally(() => {
    isDone = true;
  });
  await eventually("it waits for the lock, or does not", async () => {
    return isDone || (await lockWaiters(db)) === 1;
  });
  const hasWaited = !isDone;
  mayEnd.open();
  await holding;
  return { hasWaited, outcome: await working };
}
