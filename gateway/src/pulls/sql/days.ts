import type { Queryable } from "#service-kit/db/pool.js";

/**
 * @param tx - a transaction that holds the lock of pulls
 * @returns the first day that is over and whose pulls are not on record yet, by the database's clock, `2026-11-20`; `null`: none
 */
export async function nextEndedDay(tx: Queryable): Promise<string | null> {
  const { rows } = await tx.query<{ day: string | null }>(
    `select to_char(day, 'YYYY-MM-DD') as day from (
       select coalesce((select max(day) + 1 from ledger.pull_seal), (select min(day) from ledger.pull_day)) as day
     ) as next where day < (clock_timestamp() at time zone 'UTC')::date`,
  );
  return rows[0]?.day ?? null;
}

/** Notes that a day is over: nothing is written for it any more. */
export async function endDay(tx: Queryable, day: string): Promise<void> {
  await tx.query("insert into ledger.pull_seal (day) values ($1::date)", [day]);
}

/**
 * @param db - pool or transaction
 * @param days - how long records of a day are kept
 * @returns the last day whose records are to be forgotten, if there are any up to it; `null`: none are
 */
export async function lastDayToForget(db: Queryable, days: number): Promise<string | null> {
  const { rows } = await db.query<{ day: string | null }>(
    `select to_char(max(day), 'YYYY-MM-DD') as day from ledger.pull_seal
     where day < (clock_timestamp() at time zone 'UTC')::date - $1::int
       and exists (select from ledger.pull_day where pull_day.day <= pull_seal.day)`,
    [days],
  );
  return rows[0]?.day ?? null;
}

const BATCH = 10_000;

/**
 * @param db - pool or transaction
 * @param through - a day
 * @returns how many records were forgotten of it and the days before, a part of them at a time; 0: none is left
 */
export async function forgetDays(db: Queryable, through: string): Promise<number> {
  const { rowCount } = await db.query(
    `delete from ledger.pull_day where ctid = any (array(
       select ctid from ledger.pull_day where day <= $1::date limit $2))`,
    [through, BATCH],
  );
  return rowCount ?? 0;
}
