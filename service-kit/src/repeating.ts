import { inTime } from "./in-time.js";
import type { LastingFailure } from "./lasting-failure.js";
import type { Component } from "./run-until-signal.js";

/**
 * @param name - of the component
 * @param firstMilliseconds - from the start to the first round; `null`: there is none
 * @param round - what is done again and again, one round at a time, and tells after how many milliseconds the next
 *   one begins; it handles its own failures and ends early when its signal comes
 * @returns a component that ends with the round under way
 */
export function repeating(
  name: string,
  firstMilliseconds: number | null,
  round: (stopping: AbortSignal) => Promise<number>,
): Component {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const later = (milliseconds: number): void => {
    timer = setTimeout(() => {
      running = round(stopping.signal).then((next) => {
        if (!stopping.signal.aborted) later(next);
      });
    }, milliseconds);
  };
  return {
    name,
    start: () => {
      if (firstMilliseconds !== null) later(firstMilliseconds);
      return Promise.resolve();
    },
    stop: () => {
      stopping.abort(new Error("the process is stopping"));
      clearTimeout(timer);
      return running;
    },
  };
}

/**
 * @param name - of the component
 * @param milliseconds - from the start to the first look, and from the end of each to the next
 * @param failing - told how each look went
 * @param look - looks once; ends early when its signal comes
 * @returns a component that looks again and again, whatever came of it
 */
export function lookingAgain(
  name: string,
  milliseconds: number,
  failing: LastingFailure,
  look: (stopping: AbortSignal) => Promise<void>,
): Component {
  return repeating(name, milliseconds, async (stopping) => {
    await look(stopping).then(failing.worked, failing.failed);
    return milliseconds;
  });
}

/** A service starts without its database: what is not known by then is known later. */
const START_MILLISECONDS = 2_000;

/**
 * @param name - of the component
 * @param milliseconds - from the end of each look to the next
 * @param failing - told how each look went
 * @param look - looks once
 * @returns a component that has looked once when it has started, unless that takes too long, and looks again and again
 */
export function lookingFromStart(
  name: string,
  milliseconds: number,
  failing: LastingFailure,
  look: () => Promise<void>,
): Component {
  const again = lookingAgain(name, milliseconds, failing, look);
  return {
    ...again,
    start: async () => {
      const first = look().then(failing.worked, failing.failed);
      const late = () => new Error("it is looked again");
      await inTime(first, START_MILLISECONDS, late).catch(() => undefined);
      await again.start();
    },
  };
}
