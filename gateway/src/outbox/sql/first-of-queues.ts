import type { Queryable } from "#service-kit/db/pool.js";
import type { Selection } from "./selection.js";

/**
 * Gives up the events that are the first of their queues, so that those behind them are delivered: they are dead
 * letters then, and can be replayed. An attempt that is under way settles nothing any more.
 *
 * @param db - pool
 * @param selection - of which sink and repository, and which event; what is absent is not looked at
 * @returns how many were given up
 */
export async function giveUpFirst(
  db: Queryable,
  { sink, repository, event }: Pick<Selection, "sink" | "repository" | "event">,
): Promise<number> {
  const { rowCount } = await db.query(
    `with first as materialized (
       select held.sink, held.repository, delivery.position, held.attempts, held.last_error
       from ledger.outbox as held
       join ledger.delivery on delivery.sink = held.sink and delivery.repository = held.repository
         and delivery.position = held.done_position + 1
       where held.done_position < held.last_position and ($1::text is null or held.sink = $1)
         and ($2::text is null or held.repository = $2) and ($3::uuid is null or delivery.event = $3)
       order by held.repository, held.sink for no key update of held
     ), queue as (
       update ledger.outbox as held
       set done_position = first.position, claim = null, attempts = 0, last_error = null, refusals = 0,
           refused_since = null, due_at = clock_timestamp()
       from first where held.sink = first.sink and held.repository = first.repository
       returning held.sink, held.repository
     )
     update ledger.delivery
     set state = 'dead', attempts = first.attempts, settled_at = clock_timestamp(),
         last_error = 'given up by hand' || coalesce(': ' || first.last_error, '')
     from first join queue using (sink, repository)
     where delivery.sink = first.sink and delivery.repository = first.repository
       and delivery.position = first.position`,
    [sink ?? null, repository ?? null, event ?? null],
  );
  return rowCount ?? 0;
}

/**
 * Has queues tried at once that wait for their next attempt, and not those that are being worked on.
 *
 * @param db - pool
 * @param selection - of which sink and repository; what is absent is not looked at
 * @returns how many queues
 */
export async function retryNow(
  db: Queryable,
  { sink, repository }: Pick<Selection, "sink" | "repository">,
): Promise<number> {
  const { rowCount } = await db.query(
    `update ledger.outbox set due_at = clock_timestamp()
     where claim is null and done_position < last_position and due_at > clock_timestamp()
       and ($1::text is null or sink = $1) and ($2::text is null or repository = $2)`,
    [sink ?? null, repository ?? null],
  );
  return rowCount ?? 0;
}
