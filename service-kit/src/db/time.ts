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
