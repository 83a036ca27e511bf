import { namesInMemory } from "#service-kit/hmac.js";
import { isWithin } from "#service-kit/is-within.js";
import { randomBytes } from "node:crypto";

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

/**
 * Asks, or refuses to; see {@link circuitBreaker}. `question` tells what is asked from what others ask, a credential for
 * example: however often one question fails, it counts once. Absent: it fails for itself.
 */
export type CircuitBreaker = <T>(ask: () => Promise<T>, question?: string) => Promise<T>;

/** So that one caller whose question the service cannot bear is not the only one who tries. */
const PROBES_AT_ONCE = 3;

/** Outcomes of one part of the window, so that the count costs the same however much is asked. */
interface Slice {
  readonly number: number;
  asked: number;
  /** Which questions failed, under a key that only this breaker has. */
  readonly failed: Set<string>;
}

const SLICES = 10;

/**
 * Keeps a dead service from costing every caller its timeout, and the service from being buried in questions when it
 * comes back.
 *
 * @param options - when to stop asking
 * @returns a function that asks; a question that fails again tells nothing new of the service, and changes nothing
 * @throws CircuitOpen instead of asking
 */
export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { now, isFailure } = options;
  const sliceMilliseconds = options.windowMilliseconds / SLICES;
  const nameOf = namesInMemory();
  let slices: Slice[] = [];
  let openedAt: number | null = null;
  let probes = 0;
  const currentSlice = (): Slice => {
    const number = Math.floor(now() / sliceMilliseconds);
    // What a clock counted that was ahead is of no time that is known.
    slices = slices.filter((slice) => slice.number > number - SLICES && slice.number <= number);
    const last = slices.at(-1);
    if (last?.number === number) return last;
    const fresh = { number, asked: 0, failed: new Set<string>() };
    slices.push(fresh);
    return fresh;
  };
  const answered = (isProbe: boolean) => {
    if (isProbe) {
      openedAt = null;
      slices = [];
    }
    currentSlice().asked += 1;
  };
  const failed = (isProbe: boolean, question: string | undefined) => {
    const slice = currentSlice();
    const id = question === undefined ? randomBytes(16).toString("base64") : nameOf(question);
    if (slices.some(({ failed: known }) => known.has(id))) return;
    slice.asked += 1;
    slice.failed.add(id);
    if (isProbe || isTooMuch(slices, options)) openedAt = now();
  };
  return async (ask, question) => {
    const isProbe = openedAt !== null;
    const isPausing =
      openedAt !== null && isWithin({ since: openedAt, now: now() }, options.pauseMilliseconds);
    if (isPausing || (isProbe && probes >= PROBES_AT_ONCE))
      throw new CircuitOpen("not asked: it failed most of the time a moment ago");
    if (isProbe) probes += 1;
    try {
      const answer = await ask();
      answered(isProbe);
      return answer;
    } catch (error) {
      if (isFailure(error)) failed(isProbe, question);
      else answered(isProbe);
      throw error;
    } finally {
      if (isProbe) probes -= 1;
    }
  };
}

function isTooMuch(slices: readonly Slice[], options: CircuitBreakerOptions): boolean {
  const asked = slices.reduce((sum, slice) => sum + slice.asked, 0);
  const failures = slices.reduce((sum, slice) => sum + slice.failed.size, 0);
  return failures >= options.failures && failures >= options.rate * asked;
}
