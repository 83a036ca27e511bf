import type { DeliveryError } from "../events/sink.js";

/** What to do with an event after an attempt that failed. */
export type Verdict = "dead" | { readonly retryInSeconds: number };

const FIRST_SECONDS = 1;
const LONGEST_SECONDS = 300;
/** A sink that asks to be spared for longer than this is asked all the same. */
const LONGEST_ASKED_SECONDS = 3_600;
/** A refusal that is said to be lasting is not believed at once: sinks are wrong about that, too. */
const LASTING_ATTEMPTS = 3;
/** What is old already when it is tried first (it waited behind others, the gateways were away) gets another chance as well. */
const FEWEST_ATTEMPTS = 3;

/**
 * Decides by exponential backoff with jitter, so that queues that failed together are not tried together.
 *
 * @param error - what the sink said
 * @param attempts - how often it was tried, this time included
 * @param ageSeconds - how long ago the event was queued, or replayed
 * @param options - when an event is given up, in seconds, and a random number from 0 up to 1
 * @returns whether the event is given up, or after how many seconds it is tried again
 */
export function afterFailure(
  error: Pick<DeliveryError, "lasting" | "retryAfterSeconds">,
  attempts: number,
  ageSeconds: number,
  options: { readonly giveUpSeconds: number; readonly random: number },
): Verdict {
  if (error.lasting && attempts >= LASTING_ATTEMPTS) return "dead";
  if (ageSeconds >= options.giveUpSeconds && attempts >= FEWEST_ATTEMPTS) return "dead";
  const backoff = Math.min(FIRST_SECONDS * 2 ** Math.min(attempts - 1, 20), LONGEST_SECONDS);
  const jittered = backoff * (0.5 + options.random / 2);
  const asked = Math.min(error.retryAfterSeconds ?? 0, LONGEST_ASKED_SECONDS);
  return { retryInSeconds: Math.max(jittered, asked) };
}
