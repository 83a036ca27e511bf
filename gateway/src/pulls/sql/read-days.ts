import type { Queryable } from "#service-kit/db/pool.js";
import type { PullQuery } from "../pull-query.js";

/** How often something was pulled on a day. */
export interface PullDay {
  /** In UTC, `2026-11-20`. */
  readonly day: string;
  readonly pulls: number;
}

/**
 * @param db - pool or transaction
 * @param target - a repository; `tag` and `digest` narrow it, `null`: all of them
 * @param days - how many days, with today by the database's clock
 * @returns each of them, the first one first
 */
export async function readPullDays(
  db: Queryable,
  { repository, tag, digest }: Pick<PullQuery, "repository" | "tag" | "digest">,
  days: number,
): Promise<readonly PullDay[]> {
  // Each day is a range of the key. Pulls can be written for the day after the last that is over, where a clock was ahead.
  const { rows } = await db.query<PullDay>(
    `select to_char(today - before, 'YYYY-MM-DD') as day, coalesce(counted.pulls, 0)::float8 as pulls
     from (select (clock_timestamp() at time zone 'UTC')::date as today) as now
       cross join generate_series($4::integer - 1, 0, -1) as before
       cross join lateral (
         select sum(count) as pulls from ledger.pull_day
         where pull_day.day = today - before and repository = $1
           and ($2::text is null or tag = $2) and ($3::text is null or digest = $3)
       ) as counted
     order by day`,
    [repository, tag, digest, days],
  );
  return rows;
}
