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
    `with waiting as (
       select queue.sink, sum(queue.last_position - queue.done_position)::float8 as waiting,
              extract(epoch from clock_timestamp() - min(event.occurred_at))::float8 as oldest
       from ledger.outbox as queue
       join ledger.delivery on delivery.sink = queue.sink and delivery.repository = queue.repository
         and delivery.position = queue.done_position + 1
       join ledger.event on event.id = delivery.event
       where queue.done_position < queue.last_position group by queue.sink
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
