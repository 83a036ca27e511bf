import type { Queryable } from "#service-kit/db/pool.js";

/** Which repositories somebody may know of, by their numbers. */
export interface Shown {
  /** A bit for each number, the lowest of each byte first. */
  readonly bits: Buffer;
  /** All of them, in their order, where they are few; else `null`. */
  readonly few: readonly number[] | null;
  /** @returns whether a name is: numbers are for finding, what is found is looked at by its name */
  readonly has: (name: string) => boolean;
}

/**
 * @param id - the column with a repository's number
 * @param bits - parameter with {@link Shown.bits}
 * @returns condition that the repository is shown
 */
export function isShown(id: string, bits: string): string {
  return `case when ${id} < 8 * length(${bits}::bytea) then get_bit(${bits}::bytea, ${id}::integer) = 1 else false end`;
}

/**
 * @param numbers - parameter with numbers of repositories
 * @returns their rows as `total`, each looked up by its number whatever the database guesses of how many there are
 */
export function byNumber(numbers: string): string {
  return `unnest(${numbers}::bigint[]) as wanted (id) cross join lateral (
    select * from ledger.repository_total where id = wanted.id limit 1) as total`;
}

/**
 * @param column - SQL of a `timestamptz`
 * @returns SQL of it as a text that says all of it, and reads as the same time wherever
 */
export function instant(column: string): string {
  return `case when isfinite(${column}) then to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    else (${column})::text end`;
}

/** A repository that was not known before. */
export interface NumberedName {
  readonly id: number;
  readonly name: string;
}

/**
 * @param db - pool
 * @param after - a number
 * @param limit - as many at most
 * @returns repositories behind it, in the order of their numbers
 */
export async function readNumbered(
  db: Queryable,
  after: number,
  limit: number,
): Promise<readonly NumberedName[]> {
  const { rows } = await db.query<NumberedName>(
    `select total.id::float8 as id, name from ledger.repository_total as total
     where total.id > $1 order by total.id limit $2`,
    [after, limit],
  );
  return rows;
}
