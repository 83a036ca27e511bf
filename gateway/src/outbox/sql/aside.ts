import { randomUUID } from "node:crypto";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Tries } from "../retry.js";
import {
  DELIVERY_COLUMNS,
  deliveryIn,
  type ClaimedQueue,
  type Delivery,
  type DeliveryRow,
  type Failure,
  type Settlement,
} from "./deliver.js";
import type { Selection } from "./selection.js";
import { NOT_STOPPED, type SinkPlace } from "./stops.js";

/** Of one queue: with so many aside it is the sink that fails, and the queue waits as one with order does. */
export const MOST_ASIDE = 20;

/** An event beside its queue that nobody else delivers, as long as the claim lasts. */
export interface ClaimedAside extends Tries {
  readonly sink: string;
  readonly claim: string;
  readonly delivery: Delivery;
}

/**
 * Takes the first event of a claimed queue out of the way of those behind it, and renews the claim, or gives the queue
 * back where its sink asked to be spared.
 *
 * @param db - pool
 * @param queue - the queue
 * @param position - place of its first event
 * @param failure - when the event is tried again, in seconds from now, and why; `sparedSeconds`: how long nothing is to be
 *   asked of the sink for this queue
 * @param leaseSeconds - how long the claim lasts from now on
 * @returns `false` when too many are aside already, or the claim was lost meanwhile: then nothing has changed
 */
export async function stepAside(
  db: Queryable,
  queue: ClaimedQueue,
  position: number,
  failure: Failure & { readonly sparedSeconds: number },
  leaseSeconds: number,
): Promise<boolean> {
  const { sink, repository, claim, refusedSeconds } = queue;
  const { seconds, attempts, refusals, error, sparedSeconds } = failure;
  const { rowCount } = await db.query(
    `with queue as (
       update ledger.outbox
       set done_position = $4, attempts = 0, last_error = null, refusals = 0, refused_since = null,
           claim = case when $9 > 0 then null else claim end,
           due_at = clock_timestamp()
                    + case when $9 > 0 then $9 else $10 end * interval '1 second'
       where (sink, repository, claim) = ($1, $2, $3) and done_position = $4 - 1
         and (select count(*) from ledger.delivery_aside
              where sink = $1 and repository = $2) < ${MOST_ASIDE}
       returning sink
     )
     insert into ledger.delivery_aside
       (sink, repository, position, due_at, attempts, last_error, refusals, refused_since)
     select $1, $2, $4, clock_timestamp() + $5 * interval '1 second', $6, $7, $8,
            case when $8 > 0 then clock_timestamp() - $11 * interval '1 second' end
     from queue`,
    [
      ...[sink, repository, claim, position, seconds, attempts, error, refusals],
      ...[sparedSeconds, leaseSeconds, refusedSeconds],
    ],
  );
  return rowCount === 1;
}

/**
 * @param db - pool
 * @param sink - the sink
 * @param leaseSeconds - how long the claim lasts
 * @returns an event beside its queue that is due, or `null` when none is; a sink that is stopped has none
 */
export async function claimAside(
  db: Queryable,
  { name: sink, target }: SinkPlace,
  leaseSeconds: number,
): Promise<ClaimedAside | null> {
  const claim = randomUUID();
  const { rows } = await db.query<DeliveryRow & Tries & { readonly repository: string }>(
    `with due as (
       select sink, repository, position from ledger.delivery_aside
       where sink = $1 and due_at <= clock_timestamp() and ${NOT_STOPPED}
       order by due_at limit 1 for no key update skip locked
     ), claimed as (
       update ledger.delivery_aside as aside
       set claim = $2, due_at = clock_timestamp() + $3 * interval '1 second'
       from due where aside.sink = due.sink and aside.repository = due.repository
         and aside.position = due.position
       returning aside.*
     )
     select claimed.repository, claimed.attempts, claimed.refusals,
            coalesce(extract(epoch from clock_timestamp() - claimed.refused_since), 0)::float8
              as "refusedSeconds",
            ${DELIVERY_COLUMNS}
     from claimed
     join ledger.delivery using (sink, repository, position)
     join ledger.event on event.id = delivery.event`,
    [sink, claim, leaseSeconds, target],
    "claim aside",
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { attempts, refusals, refusedSeconds, repository, ...delivery } = row;
  const tries = { attempts, refusals, refusedSeconds };
  return { ...tries, sink, claim, delivery: deliveryIn(delivery, repository) };
}

/** Ends a claimed delivery beside its queue; nothing changes when the claim was lost meanwhile. */
export async function settleAside(
  db: Queryable,
  { sink, claim, delivery }: ClaimedAside,
  { state, attempts, lastError }: Settlement,
): Promise<void> {
  await db.query(
    `with aside as (
       delete from ledger.delivery_aside
       where (sink, repository, position, claim) = ($1, $2, $3, $4) returning sink
     )
     update ledger.delivery
     set state = $5, attempts = $6, last_error = $7, settled_at = clock_timestamp()
     where sink = $1 and repository = $2 and position = $3 and exists (select 1 from aside)`,
    [sink, delivery.event.repository, delivery.position, claim, state, attempts, lastError],
  );
}

/** Gives a claimed delivery back that failed again. */
export async function postponeAside(
  db: Queryable,
  { sink, claim, delivery }: ClaimedAside,
  { seconds, attempts, refusals, error }: Failure,
): Promise<void> {
  await db.query(
    `update ledger.delivery_aside
     set claim = null, attempts = $5, last_error = $6,
         due_at = clock_timestamp() + $7 * interval '1 second', refusals = $8,
         refused_since = case when $8 > 0 then coalesce(refused_since, clock_timestamp()) end
     where (sink, repository, position, claim) = ($1, $2, $3, $4)`,
    [
      ...[sink, delivery.event.repository, delivery.position, claim],
      ...[attempts, error, seconds, refusals],
    ],
  );
}

/** An event that waits beside its queue. */
export interface AsideEvent {
  readonly event: string;
  readonly sink: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly attempts: number;
  readonly dueAt: Date;
  /** Whether a gateway delivers it at this moment. */
  readonly claimed: boolean;
  readonly lastError: string | null;
}

/** @returns events that wait beside their queues, the one that is tried next in front */
export async function listAside(
  db: Queryable,
  { sink, repository }: Pick<Selection, "sink" | "repository">,
  limit: number,
): Promise<AsideEvent[]> {
  const { rows } = await db.query<AsideEvent>(
    `select delivery.event, aside.sink, aside.repository, event.tag, event.digest, aside.attempts,
            aside.due_at as "dueAt", aside.last_error as "lastError",
            aside.claim is not null and aside.due_at > clock_timestamp() as claimed
     from ledger.delivery_aside as aside
     join ledger.delivery using (sink, repository, position)
     join ledger.event on event.id = delivery.event
     where ($1::text is null or aside.sink = $1) and ($2::text is null or aside.repository = $2)
     order by aside.due_at, aside.position limit $3`,
    [sink ?? null, repository ?? null, limit],
  );
  return rows;
}

/**
 * Gives up events that wait beside their queues. An attempt that is under way settles nothing any more.
 *
 * @returns how many were given up
 */
export async function giveUpAside(
  db: Queryable,
  { sink, repository, event }: Pick<Selection, "sink" | "repository" | "event">,
): Promise<number> {
  const { rowCount } = await db.query(
    `with given as (
       delete from ledger.delivery_aside as aside using ledger.delivery
       where delivery.sink = aside.sink and delivery.repository = aside.repository
         and delivery.position = aside.position and delivery.event = $3
         and ($1::text is null or aside.sink = $1) and ($2::text is null or aside.repository = $2)
       returning aside.sink, aside.repository, aside.position, aside.attempts, aside.last_error
     )
     update ledger.delivery
     set state = 'dead', attempts = given.attempts, settled_at = clock_timestamp(),
         last_error = 'given up by hand' || coalesce(': ' || given.last_error, '')
     from given where delivery.sink = given.sink and delivery.repository = given.repository
       and delivery.position = given.position`,
    [sink ?? null, repository ?? null, event ?? null],
  );
  return rowCount ?? 0;
}

/** @returns how many events beside their queues are tried at once that waited for their next attempt */
export async function retryAsideNow(
  db: Queryable,
  { sink, repository }: Pick<Selection, "sink" | "repository">,
): Promise<number> {
  const { rowCount } = await db.query(
    `update ledger.delivery_aside set due_at = clock_timestamp()
     where claim is null and due_at > clock_timestamp()
       and ($1::text is null or sink = $1) and ($2::text is null or repository = $2)`,
    [sink ?? null, repository ?? null],
  );
  return rowCount ?? 0;
}
