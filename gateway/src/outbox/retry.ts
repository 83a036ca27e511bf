import type { DeliveryError } from "../events/sink.js";

/** What to do with an event after an attempt that failed. */
export type Verdict =
  | "dead"
  | {
      readonly retryInSeconds: number;
      /** For how long the sink asked to be spared altogether. */
      readonly sparedSeconds: number;
    };

const FIRST_SECONDS = 1;
const LONGEST_SECONDS = 300;
/** A sink that asks to be spared for longer than this is asked all the same. */
const LONGEST_ASKED_SECONDS = 3_600;
/** A refusal that is said to be lasting is not believed at once: sinks say so, too, while they come up or are moved. */
const LASTING_REFUSALS = 3;
const LASTING_SECONDS = 300;
/** What is old already when it is tried first (it waited behind others, the gateways were away) gets another chance as well. */
const FEWEST_ATTEMPTS = 3;

/** What came before of an event that was not taken. */
export interface Tries {
  /** How often it was tried, this time included. */
  readonly attempts: number;
  /** How often in a row the sink called its refusal lasting, this time included. */
  readonly refusals: number;
  /** How long ago it did so first in that row. */
  readonly refusedSeconds: number;
}

/**
 * Decides by exponential backoff with jitter, so that queues that failed together are not tried together.
 *
 * @param error - what the sink said
 * @param tries - what it said before
 * @param ageSeconds - how long ago the event was queued, or replayed
 * @param options - when an event is given up, in seconds, and a random number from 0 up to 1
 * @returns whether the event is given up, or after how many seconds it is tried again
 */
export function afterFailure(
  error: Pick<DeliveryError, "lasting" | "retryAfterSeconds">,
  { attempts, refusals, refusedSeconds }: Tries,
  ageSeconds: number,
  options: { readonly giveUpSeconds: number; readonly random: number },
): Verdict {
  const isLasting = refusals >= LASTING_REFUSALS && refusedSeconds >= LASTING_SECONDS;
  if (error.lasting && isLasting) return "dead";
  if (ageSeconds >= options.giveUpSeconds && attempts >= FEWEST_ATTEMPTS) return "dead";
  const backoff = Math.min(FIRST_SECONDS * 2 ** Math.min(attempts - 1, 20), LONGEST_SECONDS);
  const jittered = backoff * (0.5 + options.random / 2);
  const asked = Math.min(error.retryAfterSeconds ?? 0, LONGEST_ASKED_SECONDS);
  return { retryInSeconds: Math.max(jittered, asked), sparedSeconds: asked };
}
