import type { Database } from "#service-kit/db/pool.js";
import { inTime } from "#service-kit/in-time.js";
import type { Logger } from "#service-kit/log.js";
import type { RegistryEvent } from "../events/event.js";
import { DeliveryError, type Sink } from "../events/sink.js";
import type { DeliveryMetrics } from "./outbox-metrics.js";
import { afterFailure, type Tries } from "./retry.js";
import {
  nextDeliveries,
  postponeQueue,
  releaseQueue,
  settleDelivery,
  type ClaimedQueue,
  type Delivery,
} from "./sql/deliver.js";
import { stopSink } from "./sql/stops.js";

/** What delivering needs. */
export interface DeliverDeps {
  readonly db: Database;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  readonly metrics: DeliveryMetrics;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  /** @returns a random number from 0 up to 1 */
  readonly random: () => number;
  /** How long ago an event may have been queued or replayed for a failed delivery to be tried again. */
  readonly giveUpSeconds: number;
  /** @returns why nothing may be delivered at present, by the next attempt; `null`: it may */
  readonly heldBack: () => string | null;
  /** How long an attempt may take; absent: 15 s. */
  readonly attemptMilliseconds?: number;
}

/** Longer than one attempt may take, so that nobody else delivers the same meanwhile. */
export const LEASE_SECONDS = 30;
const ATTEMPT_MILLISECONDS = 15_000;
const BATCH = 20;
const UNTRIED: Tries = { attempts: 0, refusals: 0, refusedSeconds: 0 };
const MOST_ERROR_CHARACTERS = 500;

/**
 * Delivers what is in a queue, in its order, until an event fails or the signal comes; of a long queue the
 * first part alone, so that others get their turn.
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
  let before: Tries = queue;
  for (const delivery of await nextDeliveries(deps.db, queue, BATCH)) {
    if (stopping.aborted || deps.heldBack() !== null) break;
    const outcome = await deliverOne(deps, sink, queue, delivery, before);
    if (outcome !== "settled") return;
    before = UNTRIED;
  }
  await releaseQueue(deps.db, queue);
}

async function deliverOne(
  deps: DeliverDeps,
  sink: Sink,
  queue: ClaimedQueue,
  { position, event, queuedAt }: Delivery,
  before: Tries,
): Promise<"settled" | "postponed" | "lost"> {
  const attempts = before.attempts + 1;
  const seen = {
    sink: sink.name,
    id: event.id,
    action: event.action,
    repository: event.repository,
  };
  const error = await attempt(deps, sink, event);
  const settle = (state: "delivered" | "dead", lastError: string | null) =>
    settleDelivery(deps.db, queue, position, { state, attempts, lastError }, LEASE_SECONDS);
  if (error === null) {
    deps.log.info({ event: "event.delivered", ...seen, attempts });
    return (await settle("delivered", null)) ? "settled" : "lost";
  }
  const reason = error.message.slice(0, MOST_ERROR_CHARACTERS);
  if (error.gone) {
    await stop(deps, sink, queue, reason);
    return "postponed";
  }
  const ageSeconds = (deps.now() - queuedAt.getTime()) / 1_000;
  const { giveUpSeconds } = deps;
  const refusals = error.lasting ? before.refusals + 1 : 0;
  const verdict = afterFailure(error, { ...before, attempts, refusals }, ageSeconds, {
    giveUpSeconds,
    random: deps.random(),
  });
  if (verdict === "dead") {
    deps.metrics.ended(sink.name, "dead");
    deps.log.error({ event: "event.given-up", ...seen, attempts, reason });
    return (await settle("dead", reason)) ? "settled" : "lost";
  }
  const seconds = verdict.retryInSeconds;
  deps.log.warn({ event: "event.postponed", ...seen, attempts, reason, retryInSeconds: seconds });
  await postponeQueue(deps.db, queue, { seconds, attempts, refusals, error: reason });
  return "postponed";
}

/** What waits for it is kept as it is, for when it is started again. */
async function stop(
  { db, log }: DeliverDeps,
  sink: Sink,
  queue: ClaimedQueue,
  reason: string,
): Promise<void> {
  if (await stopSink(db, sink, reason))
    log.error({
      event: "event.sink-stopped",
      sink: sink.name,
      reason,
      hint: `what is meant for it is kept; npm run outbox -- start --sink ${sink.name} delivers it`,
    });
  await postponeQueue(db, queue, { seconds: 0, attempts: 0, refusals: 0, error: reason });
}

async function attempt(
  deps: DeliverDeps,
  sink: Sink,
  event: RegistryEvent,
): Promise<DeliveryError | null> {
  const began = performance.now();
  const note = (outcome: "delivered" | "failed") => {
    deps.metrics.ended(sink.name, outcome, (performance.now() - began) / 1_000);
  };
  try {
    const ending = new AbortController();
    const milliseconds = deps.attemptMilliseconds ?? ATTEMPT_MILLISECONDS;
    // What does not heed the signal (credentials, files that hang) is not waited for: it would block the sink for good.
    await inTime(sink.deliver(event, ending.signal), milliseconds, () => {
      ending.abort();
      return new DeliveryError(`not delivered within ${milliseconds / 1_000} s`);
    });
    note("delivered");
    return null;
  } catch (error) {
    note("failed");
    if (error instanceof DeliveryError) return error;
    // Its text may hold anything; the log has the whole of it, which pino redacts.
    deps.log.error({ event: "event.sink-faulty", sink: sink.name, err: error });
    return new DeliveryError("the sink failed in an unexpected way; the log says how");
  }
}
