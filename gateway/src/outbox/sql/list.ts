import type { Queryable } from "#service-kit/db/pool.js";
import type { EventAction } from "../../events/event.js";
import { SELECTED, valuesOf, type Selection } from "./selection.js";

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
