import { afterEach, beforeEach, jest } from "@jest/globals";

/** For {@link eventually}, where nothing but a few statements is waited for; in milliseconds. */
export const SOON = 10_000;

/** Everything that tells the time or waits, but for `setInterval` and its end. */
const REAL = [
  ...["Date", "hrtime", "performance", "nextTick", "queueMicrotask"],
  ...["setImmediate", "clearImmediate", "setTimeout", "clearTimeout"],
] as const satisfies readonly string[];

/**
 * Has what is done every so often in the tests of a file wait for no clock. Everything else takes its time.
 *
 * @returns lets so many milliseconds pass for it at once
 */
export function useIntervals(): (milliseconds: number) => void {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: [...REAL] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  return (milliseconds) => {
    jest.advanceTimersByTime(milliseconds);
  };
}
