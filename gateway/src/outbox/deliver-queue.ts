import type { Sink } from "../events/sink.js";
import type { Tries } from "./retry.js";
import { stepAside } from "./sql/aside.js";
import {
  nextDeliveries,
  postponeQueue,
  releaseQueue,
  settleDelivery,
  type ClaimedQueue,
} from "./sql/deliver.js";
import {
  LEASE_SECONDS,
  tryDelivery,
  UNTRIED,
  type DeliverDeps,
  type Outcome,
} from "./try-delivery.js";

const BATCH = 20;

/**
 * Delivers what is in a queue, in its order, until an event fails that keeps those behind it waiting, or the signal comes; of
 * a long queue the first part alone, so that others get their turn. Where a sink promises no order, an event that fails
 * steps aside instead.
 *
 * @param deps - ledger, clock, metrics
 * @param sink - the sink
 * @param queue - a queue of it that was claimed
 * @param stopping - ends the work after the attempt under way
 */
export async function deliverQueue(
  deps: DeliverDeps,
  sink: Sink,
  queue: ClaimedQueue,
  stopping: AbortSignal,
): Promise<void> {
  let tries: Tries = queue;
  for (const delivery of await nextDeliveries(deps.db, queue, BATCH)) {
    if (stopping.aborted || deps.heldBack() !== null) break;
    const outcome = await tryDelivery(deps, sink, delivery, tries);
    const { refusedSeconds } = tries;
    const claimed = { ...queue, refusedSeconds };
    if (!(await goesOn(deps, sink, claimed, delivery.position, outcome))) return;
    tries = UNTRIED;
  }
  await releaseQueue(deps.db, queue);
}

/** @returns whether the queue is ours still, and those behind the event may be delivered */
async function goesOn(
  { db }: DeliverDeps,
  { ordered }: Sink,
  queue: ClaimedQueue,
  position: number,
  outcome: Outcome,
): Promise<boolean> {
  if (outcome.kind === "settled")
    return settleDelivery(db, queue, position, outcome.settlement, LEASE_SECONDS);
  if (outcome.kind === "failed" && !ordered) {
    const { failure } = outcome;
    const isAside = await stepAside(db, queue, position, failure, LEASE_SECONDS);
    if (isAside) return failure.sparedSeconds === 0;
  }
  await postponeQueue(db, queue, outcome.failure);
  return false;
}
