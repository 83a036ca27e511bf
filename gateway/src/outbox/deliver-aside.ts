import type { Sink } from "../events/sink.js";
import { claimAside, postponeAside, settleAside } from "./sql/aside.js";
import { LEASE_SECONDS, tryDelivery, type DeliverDeps } from "./try-delivery.js";

/**
 * Delivers what has stepped out of its queue's way and is due, one by one.
 *
 * @param deps - ledger, clock, metrics
 * @param sink - the sink, of whatever order: it may have promised none before
 * @param stopping - ends the work after the attempt under way
 */
export async function deliverAside(
  deps: DeliverDeps,
  sink: Sink,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted && deps.heldBack() === null) {
    const aside = await claimAside(deps.db, sink, LEASE_SECONDS);
    if (aside === null) return;
    const outcome = await tryDelivery(deps, sink, aside.delivery, aside);
    if (outcome.kind === "settled") await settleAside(deps.db, aside, outcome.settlement);
    else await postponeAside(deps.db, aside, outcome.failure);
  }
}
