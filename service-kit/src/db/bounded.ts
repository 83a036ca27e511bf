import { Fault } from "#registry-protocol/faults.js";
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
  const mostAboutOne = Math.ceil(most / 2);
  const waiting = new Set<{ readonly about: string; readonly begin: () => void }>();
  const about = new Map<string, number>();
  let running = 0;
  const isFree = (what: string) =>
    running < most && (what === "" || (about.get(what) ?? 0) < mostAboutOne);
  const count = (what: string, by: 1 | -1) => {
    running += by;
    const now = (about.get(what) ?? 0) + by;
    if (now === 0) about.delete(what);
    else about.set(what, now);
  };
  const turn = async (what: string): Promise<void> => {
    if (isFree(what)) {
      count(what, 1);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const entry = {
        about: what,
        begin: () => {
          clearTimeout(timer);
          waiting.delete(entry);
          count(what, 1);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        waiting.delete(entry);
        reject(new Fault("UNAVAILABLE", { message: "too many pushes at once; try again" }));
      }, patience);
      waiting.add(entry);
    });
  };
  const end = (what: string): void => {
    count(what, -1);
    for (const next of waiting)
      if (isFree(next.about)) {
        next.begin();
        return;
      }
  };
  const inTurn = async <T>(work: () => Promise<T>, what = ""): Promise<T> => {
    await turn(what);
    return work().finally(() => {
      end(what);
    });
  };
  return {
    query: (sql, values, name) => inTurn(() => db.query(sql, values, name)),
    tell: (channel, payload) => {
      db.tell(channel, payload);
    },
    transaction: (work, what) => inTurn(() => db.transaction(work), what),
    close: () => Promise.resolve(),
  };
}
