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
  /** The first ones that wait, in their order. */
  readonly deliveries: readonly Delivery[];
  /** Whether another queue of the sink is due, too. */
  readonly others: boolean;
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

type ClaimedRow = Omit<ClaimedQueue, "sink" | "claim" | "deliveries"> &
  (DeliveryRow | { readonly position: null });

/**
 * Claims a queue of a sink whose first event is due. Queues that somebody adds to at this moment are passed
 * over, and found again at the next look. A sink that is stopped has none that is due.
 *
 * @param db - pool
 * @param sink - the sink
 * @param options - how long the claim lasts unless something is settled meanwhile, and how many deliveries at most
 *   come with it
 * @returns the queue, or `null` when none is due
 */
export async function claimQueue(
  db: Queryable,
  { name: sink, target }: SinkPlace,
  { leaseSeconds, most }: { readonly leaseSeconds: number; readonly most: number },
): Promise<ClaimedQueue | null> {
  const claim = randomUUID();
  const { rows } = await db.query<ClaimedRow>(
    `with due as (
       select sink, repository from ledger.outbox
       where sink = $1 and done_position < last_position and due_at <= clock_timestamp()
         and ${NOT_STOPPED}
       order by due_at limit 1 for no key update skip locked
     ), claimed as (
       update ledger.outbox as queue
       set claim = $2, due_at = clock_timestamp() + $3 * interval '1 second'
       from due where queue.sink = due.sink and queue.repository = due.repository
       returning queue.repository, queue.done_position, queue.attempts, queue.refusals, queue.refused_since
     )
     select claimed.repository, claimed.done_position::float8 as "donePosition", claimed.attempts, claimed.refusals,
            coalesce(extract(epoch from clock_timestamp() - claimed.refused_since), 0)::float8
              as "refusedSeconds",
            exists (select from ledger.outbox as other
                    where other.sink = $1 and other.repository <> claimed.repository
                      and other.done_position < other.last_position and other.due_at <= clock_timestamp())
              as others,
            first.*
     from claimed left join lateral (
       select ${DELIVERY_COLUMNS}
       from ledger.delivery join ledger.event on event.id = delivery.event
       where delivery.sink = $1 and delivery.repository = claimed.repository
         and delivery.position > claimed.done_position
       order by delivery.position limit $5
     ) as first on true
     order by first.position`,
    [sink, claim, leaseSeconds, target, most],
    "claim queue",
  );
  const [first] = rows;
  if (first === undefined) return null;
  const { repository, donePosition, attempts, refusals, refusedSeconds, others } = first;
  const deliveries = rows.flatMap(({ ...row }) =>
    row.position === null ? [] : [deliveryIn(row, repository)],
  );
  const queue = { repository, donePosition, attempts, refusals, refusedSeconds, others };
  return { ...queue, sink, claim, deliveries };
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

/** What is left when a delivery is settled: the claim was lost meanwhile and nothing has changed, or whether others wait. */
export type Left = "lost" | "others" | "nothing";

/**
 * Settles the first delivery of a claimed queue, and renews the claim or gives the queue back.
 *
 * @param db - pool
 * @param queue - the queue
 * @param position - the delivery's place
 * @param settlement - how it ended
 * @param leaseSeconds - how long the claim lasts from now on; `null`: the queue is given back, and what is left in it is due at once
 * @returns what is left in the queue
 */
export async function settleDelivery(
  db: Queryable,
  { sink, repository, claim }: ClaimedQueue,
  position: number,
  { state, attempts, lastError }: Settlement,
  leaseSeconds: number | null,
): Promise<Left> {
  const { rows } = await db.query<{ others: boolean }>(
    `with queue as (
       update ledger.outbox
       set done_position = $4, attempts = 0, last_error = null, refusals = 0, refused_since = null,
           claim = case when $8::float8 is null then null else claim end,
           due_at = clock_timestamp() + coalesce($8, 0) * interval '1 second'
       where (sink, repository, claim) = ($1, $2, $3) and done_position = $4 - 1
       returning done_position < last_position as others
     )
     update ledger.delivery
     set state = $5, attempts = $6, last_error = $7, settled_at = clock_timestamp()
     where sink = $1 and repository = $2 and position = $4 and exists (select 1 from queue)
     returning (select others from queue) as others`,
    [sink, repository, claim, position, state, attempts, lastError, leaseSeconds],
    "settle delivery",
  );
  if (rows[0] === undefined) return "lost";
  return rows[0].others ? "others" : "nothing";
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
     where (sink, repository, claim) = ($1, $2, $3)`,
    [
      ...[sink, repository, claim, failure.attempts, failure.error, failure.seconds],
      failure.refusals,
    ],
  );
}

/**
 * Gives a queue back; what is left in it is due at once.
 *
 * @returns whether anything is
 */
export async function releaseQueue(
  db: Queryable,
  { sink, repository, claim }: ClaimedQueue,
): Promise<boolean> {
  const { rows } = await db.query<{ others: boolean }>(
    `update ledger.outbox set claim = null, due_at = clock_timestamp()
     where (sink, repository, claim) = ($1, $2, $3)
     returning done_position < last_position as others`,
    [sink, repository, claim],
    "release queue",
  );
  return rows[0]?.others === true;
}
