import { randomUUID } from "node:crypto";
import type { Queryable } from "#service-kit/db/pool.js";
import type { EventAction, RegistryEvent } from "../../events/event.js";
import { NOT_STOPPED, type SinkPlace } from "./stops.js";

/** A queue that nobody else delivers from, as long as the claim lasts. */
export interface ClaimedQueue {
  readonly sink: string;
  readonly repository: string;
  readonly claim: string;
  /** Position of the last delivery that is settled. */
  readonly donePosition: number;
  /** How often the first of the queue was tried in vain. */
  readonly attempts: number;
  /** How often in a row the sink said that it will never take it, and how long ago it said so first. */
  readonly refusals: number;
  readonly refusedSeconds: number;
}

/** The place of an event in a queue. */
export interface Delivery {
  readonly position: number;
  readonly event: RegistryEvent;
  /** When it was put there, by a push or a replay, or when its sink was started again. */
  readonly queuedAt: Date;
}

/** How a delivery ended for good. */
export interface Settlement {
  readonly state: "delivered" | "dead";
  readonly attempts: number;
  readonly lastError: string | null;
}

/**
 * Claims a queue of a sink whose first event is due. Queues that somebody adds to at this moment are passed
 * over, and found again at the next look. A sink that is stopped has none that is due.
 *
 * @param db - pool
 * @param sink - the sink
 * @param leaseSeconds - how long the claim lasts unless something is settled meanwhile
 * @returns the queue, or `null` when none is due
 */
export async function claimQueue(
  db: Queryable,
  { name: sink, target }: SinkPlace,
  leaseSeconds: number,
): Promise<ClaimedQueue | null> {
  const claim = randomUUID();
  const { rows } = await db.query<Omit<ClaimedQueue, "sink" | "claim">>(
    `with due as (
       select sink, repository from ledger.outbox
       where sink = $1 and done_position < last_position and due_at <= clock_timestamp()
         and ${NOT_STOPPED}
       order by due_at limit 1 for no key update skip locked
     )
     update ledger.outbox as queue
     set claim = $2, due_at = clock_timestamp() + $3 * interval '1 second'
     from due where queue.sink = due.sink and queue.repository = due.repository
     returning queue.repository, queue.done_position::float8 as "donePosition", queue.attempts,
               queue.refusals,
               coalesce(extract(epoch from clock_timestamp() - queue.refused_since), 0)::float8
                 as "refusedSeconds"`,
    [sink, claim, leaseSeconds, target],
    "claim queue",
  );
  return rows[0] === undefined ? null : { ...rows[0], sink, claim };
}

/** Why and for how long a delivery is put off. */
export interface Failure {
  /** From now on. */
  readonly seconds: number;
  /** How often it was tried in vain. */
  readonly attempts: number;
  /** How often in a row, until now, the sink called its refusal lasting. */
  readonly refusals: number;
  readonly error: string;
}

/** A row with the {@link DELIVERY_COLUMNS}. */
export interface DeliveryRow {
  readonly position: number;
  readonly id: string;
  readonly action: EventAction;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly occurredAt: Date;
  readonly queuedAt: Date;
  readonly content: Pick<RegistryEvent, "previousDigest" | "actor" | "reason" | "detail">;
}

/** Of `ledger.delivery` and `ledger.event`, where `$1` is the sink. */
export const DELIVERY_COLUMNS = `delivery.position::float8 as position, event.id, event.action,
  event.tag, event.digest, event.occurred_at as "occurredAt", event.content,
  greatest(coalesce(delivery.queued_at, event.occurred_at),
           (select max(ended_at) from ledger.sink_stop where sink = $1)) as "queuedAt"`;

/**
 * @param row - as it was read
 * @param repository - of the event
 * @returns the delivery
 */
export function deliveryIn(
  { position, queuedAt, content, ...event }: DeliveryRow,
  repository: string,
): Delivery {
  return { position, queuedAt, event: { ...event, ...content, repository } };
}

/**
 * @param db - pool
 * @param queue - a claimed queue
 * @param limit - how many at most
 * @returns the next deliveries in their order
 */
export async function nextDeliveries(
  db: Queryable,
  { sink, repository, donePosition }: ClaimedQueue,
  limit: number,
): Promise<Delivery[]> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${DELIVERY_COLUMNS}
     from ledger.delivery join ledger.event on event.id = delivery.event
     where delivery.sink = $1 and delivery.repository = $2 and delivery.position > $3
     order by delivery.position limit $4`,
    [sink, repository, donePosition, limit],
    "read next deliveries",
  );
  return rows.map((row) => deliveryIn(row, repository));
}

/**
 * Settles the first delivery of a claimed queue and renews the claim.
 *
 * @param db - pool
 * @param queue - the queue
 * @param position - the delivery's place
 * @param settlement - how it ended
 * @param leaseSeconds - how long the claim lasts from now on
 * @returns `false` when the claim was lost meanwhile: then nothing has changed
 */
export async function settleDelivery(
  db: Queryable,
  { sink, repository, claim }: ClaimedQueue,
  position: number,
  { state, attempts, lastError }: Settlement,
  leaseSeconds: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with queue as (
       update ledger.outbox
       set done_position = $4, attempts = 0, last_error = null, refusals = 0, refused_since = null,
           due_at = clock_timestamp() + $8 * interval '1 second'
       where sink = $1 and repository = $2 and claim = $3 and done_position = $4 - 1
       returning sink
     )
     update ledger.delivery
     set state = $5, attempts = $6, last_error = $7, settled_at = clock_timestamp()
     where sink = $1 and repository = $2 and position = $4 and exists (select 1 from queue)`,
    [sink, repository, claim, position, state, attempts, lastError, leaseSeconds],
    "settle delivery",
  );
  return rowCount === 1;
}

/**
 * Gives a queue back whose first event could not be delivered.
 *
 * @param db - pool
 * @param queue - the queue
 * @param failure - when it is due again, and why
 */
export async function postponeQueue(
  db: Queryable,
  { sink, repository, claim }: ClaimedQueue,
  failure: Failure,
): Promise<void> {
  await db.query(
    `update ledger.outbox
     set claim = null, attempts = $4, last_error = $5,
         due_at = clock_timestamp() + $6 * interval '1 second', refusals = $7,
         refused_since = case when $7 > 0 then coalesce(refused_since, clock_timestamp()) end
     where sink = $1 and repository = $2 and claim = $3`,
    [
      ...[sink, repository, claim, failure.attempts, failure.error, failure.seconds],
      failure.refusals,
    ],
  );
}

/** Gives a queue back; what is left in it is due at once. */
export async function releaseQueue(
  db: Queryable,
  { sink, repository, claim }: ClaimedQueue,
): Promise<void> {
  await db.query(
    `update ledger.outbox set claim = null, due_at = clock_timestamp()
     where sink = $1 and repository = $2 and claim = $3`,
    [sink, repository, claim],
    "release queue",
  );
}
