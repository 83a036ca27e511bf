import { AsyncLocalStorage } from "node:async_hooks";

/** A request that is being answered, as whatever is done because of it knows it. */
export interface RequestAtHand {
  /** By which it is known in every log; `null` until its context is open. */
  requestId: string | null;
  /**
   * Milliseconds that it waited for the registry, the token server, or a service that knows who somebody is, until an answer
   * began, or had come whole; what was asked for side by side is added up.
   */
  upstream: number;
  /** Milliseconds that it waited for Postgres. */
  database: number;
}

const atHand = new AsyncLocalStorage<RequestAtHand>();

/**
 * @param work - what is done for one request, and all that goes on because of it
 * @returns what `work` returns
 */
export function withRequestAtHand<T>(work: () => T): T {
  return atHand.run({ requestId: null, upstream: 0, database: 0 }, work);
}

/** @returns the request that is being answered, which still changes; `null`: there is none */
export function requestAtHand(): RequestAtHand | null {
  return atHand.getStore() ?? null;
}

/**
 * @param on - for whom is waited
 * @param answer - what is waited for
 * @returns it; the request at hand counts how long it took
 */
export function spendOn<T>(on: "upstream" | "database", answer: Promise<T>): Promise<T> {
  const request = requestAtHand();
  if (request === null) return answer;
  const begun = performance.now();
  return answer.finally(() => {
    request[on] += performance.now() - begun;
  });
}
