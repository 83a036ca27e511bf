import { Fault } from "#registry-protocol/faults.js";

/**
 * For work that keeps this thread busy: done side by side, it would be no faster and hold up everything else.
 *
 * @param maxWaiting - more than that are turned away
 * @returns a function that does one piece of work after the other
 * @throws Fault TOO_MANY_REQUESTS when too many wait
 */
export function oneAtATime(maxWaiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    if (waiting >= maxWaiting)
      throw new Fault("TOO_MANY_REQUESTS", { message: "too many logins at once, try again" });
    waiting += 1;
    const turn = last.then(work).finally(() => (waiting -= 1));
    last = turn.catch(() => undefined);
    return turn;
  };
}
