import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "./pool.js";

/** A commit that waits longer than this is tried again, or by its client. */
const PATIENCE_MILLISECONDS = 10_000;

/**
 * So that some of the work never takes all connections of a pool from the rest.
 *
 * @param db - a pool
 * @param most - statements and transactions that may run at once
 * @param patience - milliseconds for which one waits for its turn
 * @returns the same pool, whose work comes in turns; closing it is up to whoever opened the pool
 */
export function boundedDatabase(
  db: Database,
  most: number,
  patience = PATIENCE_MILLISECONDS,
): Database {
  const waiting = new Set<() => void>();
  let running = 0;
  const turn = async (): Promise<void> => {
    if (running < most) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        waiting.delete(begin);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(begin);
        reject(new Fault("UNAVAILABLE", { message: "too many pushes at once; try again" }));
      }, patience);
      waiting.add(begin);
    });
  };
  const end = (): void => {
    // Whoever is next takes the place over.
    const [next] = waiting;
    if (next === undefined) running -= 1;
    else next();
  };
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    await turn();
    return work().finally(end);
  };
  return {
    query: (sql, values, name) => inTurn(() => db.query(sql, values, name)),
    tell: (channel, payload) => {
      db.tell(channel, payload);
    },
    transaction: (work) => inTurn(() => db.transaction(work)),
    close: () => Promise.resolve(),
  };
}
