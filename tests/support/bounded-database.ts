import type { Database } from "#service-kit/db/pool.js";

/**
 * @param db - a database
 * @param most - statements of all its transactions
 * @returns the same, for work that might ask for the same without end: its transactions fail after that many statements
 */
export function boundedDatabase(db: Database, most: number): Database {
  let statements = 0;
  return {
    ...db,
    transaction: (work, about) =>
      db.transaction((tx) => {
        const query: typeof tx.query = (...asked) => {
          statements += 1;
          if (statements > most) throw new Error("it asks without end");
          return tx.query(...asked);
        };
        return work({ ...tx, query });
      }, about),
  };
}
