import type { Sink } from "../events/sink.js";
import type { Tries } from "./retry.js";
import { stepAside } from "./sql/aside.js";
import {
  postponeQueue,
  releaseQueue,
  settleDelivery,
  type ClaimedQueue,
  type Delivery,
  type Left,
} from "./sql/deliver.js";
import {
  LEASE_SECONDS,
  tryDelivery,
  UNTRIED,
  type DeliverDeps,
  type Outcome,
} from "./try-delivery.js";

/**
 * Delivers what is in a queue, in its order, until an event fails that keeps those behind it waiting, or the signal comes; of
 * a long queue the first part alone, so that others get their turn. Where a sink promises no order, an event that fails
 * steps aside instead.
 *
 * @param deps - ledger, clock, metrics
 * @param sink - the sink
 * @param queue - a queue of it that was claimed
 * @param stopping - ends the work after the attempt under way
 * @returns whether more of it is due
 */
export async function deliverQueue(
  deps: DeliverDeps,
  sink: Sink,
  queue: ClaimedQueue,
  stopping: AbortSignal,
): Promise<boolean> {
  let tries: Tries = queue;
  const last = queue.deliveries.at(-1);
  for (const delivery of queue.deliveries) {
    if (stopping.aborted || deps.heldBack() !== null) break;
    const outcome = await tryDelivery(deps, sink, delivery, tries);
    const { refusedSeconds } = tries;
    const claimed = { ...queue, refusedSeconds };
    const left = await settle(deps, sink, { queue: claimed, delivery, isLast: delivery === last }, outcome); // prettier-ignore
    if (left !== "ours") return left === "others";
    tries = UNTRIED;
  }
  return releaseQueue(deps.db, queue);
}

/** A delivery that was tried. */
interface Tried {
  readonly queue: ClaimedQueue;
  readonly delivery: Delivery;
  /** Of those that came with the claim. */
  readonly isLast: boolean;
}

/** @returns whether the queue is ours still; else whether anything in it is due */
async function settle(
  { db }: DeliverDeps,
  { ordered }: Sink,
  { queue, delivery: { position }, isLast }: Tried,
  outcome: Outcome,
): Promise<"ours" | Left> {
  if (outcome.kind === "settled") {
    const lease = isLast ? null : LEASE_SECONDS;
    const left = await settleDelivery(db, queue, position, outcome.settlement, lease);
    return isLast || left === "lost" ? left : "ours";
  }
  if (outcome.kind === "failed" && !ordered) {
    const { failure } = outcome;
    const isAside = await stepAside(db, queue, position, failure, LEASE_SECONDS);
    if (isAside) return failure.sparedSeconds === 0 ? "ours" : "nothing";
  }
  await postponeQueue(db, queue, outcome.failure);
  return "nothing";
}
