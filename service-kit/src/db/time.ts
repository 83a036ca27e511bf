import { clockReading, steadyNow, type ClockReading } from "../clocks/clock-reading.js";
import type { ClockSource } from "../clocks/clock-watch.js";
import type { Queryable } from "./pool.js";

const NOW_MILLISECONDS = "select extract(epoch from clock_timestamp())::float8 * 1000 as at";

/**
 * @param db - pool, session or transaction
 * @returns the database's time, as text that loses nothing: a `Date` has no microseconds
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function databaseTime(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ now: string }>("select clock_timestamp()::text as now");
  return rows[0]?.now ?? "";
}

/**
 * @param db - pool, session or transaction
 * @returns the database's time in milliseconds since the epoch: what all processes share is dated by it
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function databaseMilliseconds(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ at: number }>(NOW_MILLISECONDS);
  const [row] = rows;
  if (row === undefined) throw new Error("the database did not say what time it is");
  return row.at;
}

/**
 * @param db - pool
 * @returns the database's clock, for comparing
 */
export function databaseClock(db: Queryable): ClockSource {
  return { name: "Postgres", read: () => readDatabaseClock(db) };
}

async function readDatabaseClock(db: Queryable): Promise<ClockReading> {
  const asked = steadyNow();
  const at = await databaseMilliseconds(db);
  return clockReading({ at, coarseness: 0 }, asked, steadyNow());
}
