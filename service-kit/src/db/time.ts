import { clockReading, steadyNow, type ClockReading } from "../clocks/clock-reading.js";
import type { ClockSource } from "../clocks/clock-watch.js";
import type { Queryable } from "./pool.js";

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
 * @param db - pool
 * @returns the database's clock, for comparing
 */
export function databaseClock(db: Queryable): ClockSource {
  return { name: "Postgres", read: () => readDatabaseClock(db) };
}

async function readDatabaseClock(db: Queryable): Promise<ClockReading | null> {
  const asked = steadyNow();
  const { rows } = await db.query<{ at: number }>(
    "select extract(epoch from clock_timestamp())::float8 * 1000 as at",
  );
  const [row] = rows;
  if (row === undefined) return null;
  return clockReading({ at: row.at, coarseness: 0 }, asked, steadyNow());
}
