import { AsyncLocalStorage } from "node:async_hooks";

/** For whom a request waited, in milliseconds; what was asked for side by side is added up. */
export interface SpentTime {
  /** The registry, the token server, or a service that knows who somebody is: until its answer began, or had come whole. */
  upstream: number;
  database: number;
}

const spent = new AsyncLocalStorage<SpentTime>();

/**
 * @param work - what is done for one request, and all that goes on because of it
 * @returns what `work` returns
 */
export function withSpentTime<T>(work: () => T): T {
  return spent.run({ upstream: 0, database: 0 }, work);
}

/** @returns what the request at hand has spent so far, and still adds to; `null`: there is none */
export function spentTime(): Readonly<SpentTime> | null {
  return spent.getStore() ?? null;
}

/**
 * @param on - for whom is waited
 * @param answer - what is waited for
 * @returns it; the request at hand counts how long it took
 */
export function spendOn<T>(on: keyof SpentTime, answer: Promise<T>): Promise<T> {
  const time = spent.getStore();
  if (time === undefined) return answer;
  const begun = performance.now();
  return answer.finally(() => {
    time[on] += performance.now() - begun;
  });
}
