import type { Queryable } from "#service-kit/db/pool.js";

/**
 * Fills queues of the sink `kept` with dead letters; the tag of an event is its place in its queue.
 *
 * @param db - an empty ledger
 * @param queues - how many
 * @param each - dead letters of each
 */
export async function fillWithDead(db: Queryable, queues: number, each: number): Promise<void> {
  const places = `generate_series(1, ${queues}) as queue, generate_series(1, ${each}) as place`;
  const id = "md5(queue || '/' || place)::uuid";
  await db.query(
    `insert into ledger.event (id, action, repository, tag, content)
     select ${id}, 'push', 'alpha/app-' || queue, place, '{}' from ${places}`,
  );
  await db.query(
    `insert into ledger.outbox (sink, repository, last_position, done_position)
     select 'kept', 'alpha/app-' || queue, $1, $1 from generate_series(1, $2) as queue`,
    [each, queues],
  );
  await db.query(
    `insert into ledger.delivery (sink, repository, position, event, state, settled_at)
     select 'kept', 'alpha/app-' || queue, place, ${id}, 'dead', clock_timestamp() from ${places}`,
  );
}
