import type { Database, Transaction } from "#service-kit/db/pool.js";
import { eventually } from "./eventually.js";
import { gate } from "./gate.js";

const WAITING = "select from pg_locks where locktype = 'advisory' and not granted";

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
    return isDone || (await db.query(WAITING)).rowCount === 1;
  });
  const hasWaited = !isDone;
  mayEnd.open();
  await holding;
  return { hasWaited, outcome: await working };
}
