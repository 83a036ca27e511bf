import { Fault } from "#registry-protocol/faults.js";
import { inTime } from "../in-time.js";
import type { Queryable } from "./pool.js";

/**
 * Asks the database for readers, who have an answer without it, or would rather be told at once.
 *
 * @param question - asks it
 * @param probe - is asked on the side while it is silent; absent: the question
 * @returns its answer
 * @throws Fault UNAVAILABLE when there is none in time, and whatever the question throws
 */
export type Ask = <T>(question: () => Promise<T>, probe?: () => Promise<unknown>) => Promise<T>;

/** A database that is silent for this long, whatever the reason, is away for a reader, in milliseconds. */
const PATIENCE_MILLISECONDS = 2_000;

/**
 * Whoever finds the database silent first waits; from then on nobody does, until one question at a time that is asked on
 * the side has got its answer. It may be the whole database, or one table that somebody holds.
 *
 * @param patience - milliseconds that a reader waits; other than usual in tests alone
 * @returns what asks
 */
export function asker(patience = PATIENCE_MILLISECONDS): Ask {
  let [isSilent, isAsked] = [false, false];
  const askOnTheSide = (question: () => Promise<unknown>): void => {
    if (isAsked) return;
    isAsked = true;
    question()
      .then(
        () => (isSilent = false),
        () => undefined,
      )
      .finally(() => (isAsked = false));
  };
  return (question, probe = question) => {
    if (isSilent) {
      askOnTheSide(probe);
      return Promise.reject(silent());
    }
    return inTime(question(), patience, () => {
      isSilent = true;
      return silent();
    });
  };
}

/**
 * So that one table that somebody holds (a restore, VACUUM FULL) keeps neither its readers waiting, nor, of a bounded pool, all
 * connections from the others.
 *
 * @param db - a pool
 * @param table - what its statements are about
 * @param patience - see {@link asker}
 * @returns the same pool for these statements
 */
export function impatient(db: Queryable, table: string, patience?: number): Queryable {
  const ask = asker(patience);
  const probe = () => db.query(`select from ${table} limit 1`, [], undefined, table);
  return {
    query: (sql, values, name) => ask(() => db.query(sql, values, name, table), probe),
  };
}

function silent(): Fault {
  return new Fault("UNAVAILABLE", { message: "the database does not answer; try again" });
}
