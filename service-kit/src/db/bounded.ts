import { Fault } from "#registry-protocol/faults.js";
import { turns } from "../turns.js";
import type { Database } from "./pool.js";

/** A commit that waits longer than this is tried again, or by its client. */
const PATIENCE_MILLISECONDS = 10_000;

/**
 * So that some of the work never takes all connections of a pool from the rest, and what waits for one thing (the rows of one
 * repository, which a gateway that was lost may hold) never more than half of those.
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
  const all = turns({
    atOnce: most,
    perCaller: Math.ceil(most / 2),
    waiting: Infinity,
    waitMilliseconds: patience,
    refusal: () =>
      new Fault("UNAVAILABLE", { message: "too much at once for the database; try again" }),
  });
  const inTurn = async <T>(work: () => Promise<T>, about = ""): Promise<T> => {
    const leave = await all.take(about === "" ? null : about);
    return work().finally(leave);
  };
  return {
    query: (sql, values, name, about) => inTurn(() => db.query(sql, values, name), about),
    tell: (channel, payload) => {
      db.tell(channel, payload);
    },
    transaction: (work, about) => inTurn(() => db.transaction(work), about),
    close: () => Promise.resolve(),
  };
}
