/** The service was not asked, because it failed again and again a moment ago. */
export class CircuitOpen extends Error {
  override readonly name = "CircuitOpen";
}

/** When to stop asking, and for how long. */
export interface CircuitBreakerOptions {
  /** Failures in a row after which nobody asks any more. */
  readonly failures: number;
  /** How long nobody asks; then one question is let through, and its outcome decides. */
  readonly pauseMilliseconds: number;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Asks, or refuses to; see {@link circuitBreaker}. */
export type CircuitBreaker = <T>(ask: () => Promise<T>) => Promise<T>;

/**
 * Keeps a dead service from costing every caller its timeout, and the service from being buried in
 * questions when it comes back.
 *
 * @param options - when to stop asking
 * @returns a function that asks; every rejection of what it is given counts as a failure
 * @throws CircuitOpen instead of asking
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { failures, pauseMilliseconds, now } = options;
  let failed = 0;
  let closedFrom = 0;
  let probing = false;
  return async (ask) => {
    const isProbe = failed >= failures;
    if (isProbe && (probing || now() < closedFrom))
      throw new CircuitOpen(`not asked: it failed ${failed} times in a row`);
    probing = isProbe;
    try {
      const answer = await ask();
      failed = 0;
      return answer;
    } catch (error) {
      failed += 1;
      if (failed >= failures) closedFrom = now() + pauseMilliseconds;
      throw error;
    } finally {
      if (isProbe) probing = false;
    }
  };
}
