import { setTimeout as pause } from "node:timers/promises";
import { someAtOnce } from "#service-kit/some-at-once.js";

/** Lets no more than so many requests a second go. */
export type Pace = (signal: AbortSignal) => Promise<void>;

const AT_ONCE = 8;
/** Turns that nobody took while there was other work, and that may be made up for at once. */
const MADE_UP = 16;

/**
 * What is done between two requests does not slow them down: turns that were let pass meanwhile are made up for, a few of them.
 *
 * @param perSecond - requests a second
 * @param now - milliseconds of a clock that is never set
 * @returns waits until the next request may go
 */
export function paceOf(perSecond: number, now: () => number): Pace {
  const turn = 1_000 / perSecond;
  let free = now();
  return async (signal) => {
    signal.throwIfAborted();
    const asked = now();
    const at = Math.max(asked - MADE_UP * turn, free);
    free = at + turn;
    if (at > asked) await pause(at - asked, undefined, { signal });
  };
}

/**
 * Works on a few at once, in their order, none before its turn has come.
 *
 * @param items - what to work on
 * @param pace - says when the next one may go
 * @param signal - ends the work early
 * @param work - done for each
 * @throws the first thing that `work` throws, when everything under way has ended
 */
export async function paced<T>(
  items: readonly T[],
  pace: Pace,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  await someAtOnce(items, AT_ONCE, async (item) => {
    await pace(signal);
    await work(item);
  });
}
