import type { Queryable } from "#service-kit/db/pool.js";

/** What waits for a sink. */
export interface Backlog {
  readonly sink: string;
  readonly waiting: number;
  /** Age of the oldest event that waits, in seconds; `null` when none does. */
  readonly oldestSeconds: number | null;
  readonly dead: number;
}

/**
 * @param db - pool
 * @param sinks - sinks that are in the answer even when they have no queue; others that have one are added
 * @returns what waits, by the sinks' names
 */
export async function readBacklog(db: Queryable, sinks: readonly string[]): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `with first as (
       select sink, repository, done_position + 1 as position,
              last_position - done_position as waiting
       from ledger.outbox where done_position < last_position
       union all select sink, repository, position, 1 from ledger.delivery_aside
     ), waiting as (
       select first.sink, sum(first.waiting)::float8 as waiting,
              extract(epoch from clock_timestamp() - min(event.occurred_at))::float8 as oldest
       from first join ledger.delivery using (sink, repository, position)
       join ledger.event on event.id = delivery.event group by first.sink
     ), dead as (
       select sink, count(*)::float8 as dead from ledger.delivery where state = 'dead' group by sink
     ), known as (
       select unnest($1::text[]) as sink union select sink from waiting union select sink from dead
     )
     select sink, coalesce(waiting.waiting, 0) as waiting, waiting.oldest as "oldestSeconds",
            coalesce(dead.dead, 0) as dead
     from known left join waiting using (sink) left join dead using (sink) order by sink`,
    [sinks],
  );
  return rows;
}
