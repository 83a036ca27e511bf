import type { Queryable } from "#service-kit/db/pool.js";
import { inMicroseconds } from "./in-microseconds.js";

/** What the record of a day's pulls comes to. */
export interface DayOfPulls {
  readonly records: number;
  readonly pulls: number;
  /** SHA-256 in hexadecimal of the hashes of all records, in their own order. */
  readonly sha256: string;
}

const RECORD = `json_build_array(repository, tag, digest, uid, realm, kind, address, count,
  ${inMicroseconds("first_at")}, ${inMicroseconds("last_at")})::text`;

/**
 * Each record is hashed, and then the hashes, sorted: so it does not matter how a database compares texts.
 *
 * @param db - the ledger
 * @param day - `2026-11-20`, in UTC
 * @returns what is on record of it now
 */
export async function readDayOfPulls(db: Queryable, day: string): Promise<DayOfPulls> {
  const { rows } = await db.query<DayOfPulls>(
    `select count(*)::float8 as records, coalesce(sum(count), 0)::float8 as pulls,
            encode(sha256(coalesce(string_agg(hash, '' order by hash), '')), 'hex') as sha256
     from (
       select count, sha256(convert_to(${RECORD}, 'UTF8')) as hash from ledger.pull_day where day = $1::date
     ) as record`,
    [day],
  );
  return rows[0] ?? { records: 0, pulls: 0, sha256: "" };
}

/**
 * @param db - the ledger
 * @param through - a day; `null`: none
 * @returns days that have records and are not after it, the first first
 */
export async function daysWithPulls(db: Queryable, through: string | null): Promise<string[]> {
  const { rows } = await db.query<{ day: string }>(
    `with recursive day (at) as (
       select min(day) from ledger.pull_day
       union all
       select (select min(day) from ledger.pull_day where day > at) from day where at is not null
     )
     select to_char(at, 'YYYY-MM-DD') as day from day where at <= $1::date order by at`,
    [through],
  );
  return rows.map(({ day }) => day);
}

/**
 * @param db - the audit log
 * @param action - `pulls.sealed` or `pulls.forgotten`
 * @returns the contents of all entries of that kind, the first first
 */
export async function pullEntries(
  db: Queryable,
  action: "pulls.sealed" | "pulls.forgotten",
): Promise<string[]> {
  const { rows } = await db.query<{ content: string }>(
    `select content from audit.entry where repository is null and action = $1 order by at`,
    [action],
  );
  return rows.map(({ content }) => content);
}
