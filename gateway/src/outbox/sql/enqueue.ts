import { SUBJECT_LOCKS } from "#service-kit/db/locks.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { NewEvent } from "../../events/event.js";

/**
 * A transaction may have several events of a repository that different sinks want: without taking turns two of them
 * could each hold the queue that the other one needs.
 */
const TURN = SUBJECT_LOCKS.queues;

/**
 * Puts an event into the queues of sinks. An event that is there already is not announced twice.
 *
 * @param tx - the transaction of the change that the event is about
 * @param event - what happened
 * @param sinks - names of the sinks that want it
 */
export async function enqueue(
  tx: Queryable,
  event: NewEvent,
  sinks: readonly string[],
): Promise<void> {
  const { id, action, repository, tag, digest, previousDigest, actor, reason, detail } = event;
  const content = { previousDigest, actor, reason, detail };
  await tx.query(
    `with turn as materialized (
       select pg_advisory_xact_lock(${TURN}, hashtext($3)) where cardinality($7::text[]) > 0
     ), event as (
       insert into ledger.event (id, action, repository, tag, digest, content)
       select $1, $2, $3, $4, $5, $6 from (select count(*) from turn) as taken
       on conflict (id) do nothing
       returning id
     ), ${ADD_TO_QUEUES}`,
    [id, action, repository, tag, digest, JSON.stringify(content), sinks],
    "enqueue event",
  );
}

/** `$3` is the repository, `$7` the sinks, and `event` has the event's id. */
const ADD_TO_QUEUES = `queue as (
    insert into ledger.outbox as held (sink, repository, last_position)
    select sink, $3, 1 from event, unnest($7::text[]) as sink order by sink
    on conflict (sink, repository) do update
      set last_position = held.last_position + 1,
          due_at = case when held.done_position = held.last_position then clock_timestamp()
                        else held.due_at end
    returning sink, last_position
  )
  insert into ledger.delivery (sink, repository, position, event)
  select queue.sink, $3, queue.last_position, event.id from queue, event`;
