import type { Database } from "#service-kit/db/pool.js";
import { inTime } from "#service-kit/in-time.js";
import type { Logger } from "#service-kit/log.js";
import type { RegistryEvent } from "../events/event.js";
import { DeliveryError, type Sink } from "../events/sink.js";
import type { DeliveryMetrics } from "./outbox-metrics.js";
import { afterFailure, type Tries } from "./retry.js";
import type { Delivery, Failure, Settlement } from "./sql/deliver.js";
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

/** What came of an attempt: an end for good, a failure to be tried again, or a sink that wants no more. */
export type Outcome =
  | { readonly kind: "settled"; readonly settlement: Settlement }
  | {
      readonly kind: "failed";
      /** `sparedSeconds`: for how long the sink asked to be spared altogether. */
      readonly failure: Failure & { readonly sparedSeconds: number };
    }
  | { readonly kind: "stopped"; readonly failure: Failure };

/** Longer than one attempt may take, so that nobody else delivers the same meanwhile. */
export const LEASE_SECONDS = 30;
/** What nobody has tried yet. */
export const UNTRIED: Tries = { attempts: 0, refusals: 0, refusedSeconds: 0 };
const ATTEMPT_MILLISECONDS = 15_000;
const MOST_ERROR_CHARACTERS = 500;

/**
 * Tries once to deliver an event, and tells of how that went; what follows from it for its queue is not done yet.
 *
 * @param deps - clock, log, metrics, and the ledger, where a sink is stopped that wants no more
 * @param sink - the sink
 * @param delivery - the event
 * @param before - the attempts before
 * @returns what came of it
 */
export async function tryDelivery(
  deps: DeliverDeps,
  sink: Sink,
  { event, queuedAt }: Delivery,
  before: Tries,
): Promise<Outcome> {
  const attempts = before.attempts + 1;
  const { id, action, repository } = event;
  const seen = { sink: sink.name, id, action, repository, attempts };
  const error = await attempt(deps, sink, event);
  const settled = (state: "delivered" | "dead", lastError: string | null): Outcome => ({
    kind: "settled",
    settlement: { state, attempts, lastError },
  });
  if (error === null) {
    deps.log.info({ event: "event.delivered", ...seen });
    return settled("delivered", null);
  }
  const reason = error.message.slice(0, MOST_ERROR_CHARACTERS);
  if (error.gone) return stop(deps, sink, reason);
  const ageSeconds = (deps.now() - queuedAt.getTime()) / 1_000;
  const refusals = error.lasting ? before.refusals + 1 : 0;
  const verdict = afterFailure(error, { ...before, attempts, refusals }, ageSeconds, {
    giveUpSeconds: deps.giveUpSeconds,
    random: deps.random(),
  });
  if (verdict === "dead") {
    deps.metrics.ended(sink.name, "dead");
    deps.log.error({ event: "event.given-up", ...seen, reason });
    return settled("dead", reason);
  }
  const { retryInSeconds: seconds, sparedSeconds } = verdict;
  deps.log.warn({ event: "event.postponed", ...seen, reason, retryInSeconds: seconds });
  return { kind: "failed", failure: { seconds, sparedSeconds, attempts, refusals, error: reason } };
}

/** What waits for it is kept as it is, for when it is started again. */
async function stop({ db, log }: DeliverDeps, sink: Sink, reason: string): Promise<Outcome> {
  if (await stopSink(db, sink, reason))
    log.error({
      event: "event.sink-stopped",
      sink: sink.name,
      reason,
      hint: `what is meant for it is kept; npm run outbox -- start --sink ${sink.name} delivers it`,
    });
  return { kind: "stopped", failure: { seconds: 0, attempts: 0, refusals: 0, error: reason } };
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
