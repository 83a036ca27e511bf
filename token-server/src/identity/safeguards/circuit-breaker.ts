/** The service was not asked, because it failed most of the time a moment ago. */
export class CircuitOpen extends Error {
  override readonly name = "CircuitOpen";
}

/** When to stop asking, and for how long. */
export interface CircuitBreakerOptions {
  /** Fewer failures than this in the window never stop the asking. */
  readonly failures: number;
  /** Share of all questions in the window that have to fail, 0 to 1: one caller among many cannot stop the others. */
  readonly rate: number;
  readonly windowMilliseconds: number;
  /** How long nobody asks; then callers are let through a few at a time, and the first answer ends the pause. */
  readonly pauseMilliseconds: number;
  /** Whether a rejection is a failure of the service; every other outcome is an answer. */
  readonly isFailure: (error: unknown) => boolean;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Asks, or refuses to; see {@link circuitBreaker}. */
export type CircuitBreaker = <T>(ask: () => Promise<T>) => Promise<T>;

/** So that one caller whose question the service cannot bear is not the only one who tries. */
const PROBES_AT_ONCE = 3;

/** Outcomes of one part of the window, so that the count costs the same however much is asked. */
interface Slice {
  readonly number: number;
  asked: number;
  failed: number;
}

const SLICES = 10;

/**
 * Keeps a dead service from costing every caller its timeout, and the service from being buried in questions when it
 * comes back.
 *
 * @param options - when to stop asking
 * @returns a function that asks
 * @throws CircuitOpen instead of asking
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { now, isFailure } = options;
  const sliceMilliseconds = options.windowMilliseconds / SLICES;
  let slices: Slice[] = [];
  let openUntil: number | null = null;
  let probes = 0;
  const answered = (isProbe: boolean) => {
    if (isProbe) {
      openUntil = null;
      slices = [];
    }
    note(false);
  };
  const failed = (isProbe: boolean) => {
    note(true);
    if (isProbe || isTooMuch(slices, options)) openUntil = now() + options.pauseMilliseconds;
  };
  const note = (isFailed: boolean) => {
    const number = Math.floor(now() / sliceMilliseconds);
    if (slices.at(-1)?.number !== number) slices.push({ number, asked: 0, failed: 0 });
    slices = slices.filter((slice) => slice.number > number - SLICES);
    const slice = slices.at(-1);
    if (slice === undefined) return;
    slice.asked += 1;
    if (isFailed) slice.failed += 1;
  };
  return async (ask) => {
    const isProbe = openUntil !== null;
    if (openUntil !== null && (probes >= PROBES_AT_ONCE || now() < openUntil))
      throw new CircuitOpen("not asked: it failed most of the time a moment ago");
    if (isProbe) probes += 1;
    try {
      const answer = await ask();
      answered(isProbe);
      return answer;
    } catch (error) {
      if (isFailure(error)) failed(isProbe);
      else answered(isProbe);
      throw error;
    } finally {
      if (isProbe) probes -= 1;
    }
  };
}

function isTooMuch(slices: readonly Slice[], options: CircuitBreakerOptions): boolean {
  const asked = slices.reduce((sum, slice) => sum + slice.asked, 0);
  const failures = slices.reduce((sum, slice) => sum + slice.failed, 0);
  return failures >= options.failures && failures >= options.rate * asked;
}
