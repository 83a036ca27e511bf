import type { Database, Queryable } from "#service-kit/db/pool.js";
import type { EventAction } from "../../events/event.js";

/** Which deliveries an operator means; what is absent is not looked at. */
export interface Selection {
  readonly sink?: string | undefined;
  readonly repository?: string | undefined;
  /** Id of one event. */
  readonly event?: string | undefined;
  /** Events that happened since then. */
  readonly since?: Date | undefined;
}

/** A queue with something in it. */
export interface WaitingQueue {
  readonly sink: string;
  readonly repository: string;
  readonly waiting: number;
  readonly oldest: Date;
  readonly attempts: number;
  readonly dueAt: Date;
  /** Whether a gateway delivers from it at this moment. */
  readonly claimed: boolean;
  readonly lastError: string | null;
}

/** An event that was given up. */
export interface DeadDelivery {
  readonly sink: string;
  readonly event: string;
  readonly action: EventAction;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly occurredAt: Date;
  readonly givenUpAt: Date;
  readonly attempts: number;
  readonly lastError: string;
}

/** @returns queues with something in them, the oldest first */
export async function listQueues(
  db: Queryable,
  { sink, repository }: Selection,
  limit: number,
): Promise<WaitingQueue[]> {
  const { rows } = await db.query<WaitingQueue>(
    `select queue.sink, queue.repository, event.occurred_at as oldest, queue.attempts,
            (queue.last_position - queue.done_position)::float8 as waiting, queue.due_at as "dueAt",
            queue.claim is not null and queue.due_at > clock_timestamp() as claimed,
            queue.last_error as "lastError"
     from ledger.outbox as queue
     join ledger.delivery on delivery.sink = queue.sink and delivery.repository = queue.repository
       and delivery.position = queue.done_position + 1
     join ledger.event on event.id = delivery.event
     where queue.done_position < queue.last_position
       and ($1::text is null or queue.sink = $1) and ($2::text is null or queue.repository = $2)
     order by event.occurred_at limit $3`,
    [sink ?? null, repository ?? null, limit],
  );
  return rows;
}

const SELECTED = `($1::text is null or delivery.sink = $1)
  and ($2::text is null or delivery.repository = $2)
  and ($3::uuid is null or delivery.event = $3)
  and ($4::timestamptz is null or event.occurred_at >= $4)`;

/** @returns events that were given up, the oldest first */
export async function listDead(
  db: Queryable,
  selection: Selection,
  limit: number,
): Promise<DeadDelivery[]> {
  const { rows } = await db.query<DeadDelivery>(
    `select delivery.sink, delivery.event, event.action, delivery.repository, event.tag, event.digest,
            event.occurred_at as "occurredAt", delivery.settled_at as "givenUpAt",
            delivery.attempts, coalesce(delivery.last_error, '') as "lastError"
     from ledger.delivery join ledger.event on event.id = delivery.event
     where delivery.state = 'dead' and ${SELECTED}
     order by event.occurred_at limit $5`,
    [...valuesOf(selection), limit],
  );
  return rows;
}

/** Queues that are replayed in one statement, which holds up pushes to their repositories. */
const QUEUES_AT_ONCE = 500;

/**
 * Puts events at the end of the queues that they have been in, some queues at a time.
 *
 * @param db - pool
 * @param selection - which
 * @param dead - only those that were given up; they stop being dead
 * @returns how many deliveries were added
 */
export async function replay(
  db: Database,
  selection: Selection,
  options: { readonly dead: boolean },
): Promise<number> {
  const queues = await queuesOf(db, selection);
  let added = 0;
  for (let from = 0; from < queues.length; from += QUEUES_AT_ONCE)
    added += await replayQueues(db, selection, options, queues.slice(from, from + QUEUES_AT_ONCE));
  return added;
}

interface QueueKey {
  readonly sink: string;
  readonly repository: string;
}

async function queuesOf(db: Queryable, { sink, repository }: Selection): Promise<QueueKey[]> {
  const { rows } = await db.query<QueueKey>(
    `select sink, repository from ledger.outbox
     where ($1::text is null or sink = $1) and ($2::text is null or repository = $2)
     order by repository, sink`,
    [sink ?? null, repository ?? null],
  );
  return rows;
}

async function replayQueues(
  db: Database,
  selection: Selection,
  { dead }: { readonly dead: boolean },
  queues: readonly QueueKey[],
): Promise<number> {
  const { rowCount } = await db.query(
    `with chosen as (
       select delivery.sink, delivery.repository, delivery.event, min(delivery.position) as position,
              bool_or(delivery.state = 'waiting') as waits
       from unnest($6::text[], $7::text[]) as wanted (sink, repository)
       join ledger.delivery using (sink, repository)
       join ledger.event on event.id = delivery.event
       where ($5 is false or delivery.state = 'dead') and ${SELECTED}
       group by delivery.sink, delivery.repository, delivery.event
     ), again as (
       select *, row_number() over (partition by sink, repository order by position) as place
       from chosen where not waits
     ), revived as (
       delete from ledger.delivery using again
       where delivery.state = 'dead' and delivery.sink = again.sink
         and delivery.repository = again.repository and delivery.event = again.event
     ), added as (
       select sink, repository, count(*) as number from again group by sink, repository
     ), queue as (
       update ledger.outbox as held
       set last_position = held.last_position + added.number,
           due_at = case when held.done_position = held.last_position then clock_timestamp()
                         else held.due_at end
       from added where held.sink = added.sink and held.repository = added.repository
       returning held.sink, held.repository, held.last_position - added.number as base
     )
     insert into ledger.delivery (sink, repository, position, event)
     select again.sink, again.repository, queue.base + again.place, again.event
     from again join queue on queue.sink = again.sink and queue.repository = again.repository`,
    [
      ...valuesOf(selection),
      dead,
      queues.map(({ sink }) => sink),
      queues.map(({ repository }) => repository),
    ],
  );
  return rowCount ?? 0;
}

/**
 * Takes dead deliveries off the books. The events stay on record in the audit log.
 *
 * @param db - pool
 * @param selection - which
 * @returns how many there were
 */
export async function discardDead(db: Queryable, selection: Selection): Promise<number> {
  const { rowCount } = await db.query(
    `delete from ledger.delivery using ledger.event
     where event.id = delivery.event and delivery.state = 'dead' and ${SELECTED}`,
    valuesOf(selection),
  );
  return rowCount ?? 0;
}

function valuesOf({ sink, repository, event, since }: Selection) {
  return [sink ?? null, repository ?? null, event ?? null, since ?? null];
}
