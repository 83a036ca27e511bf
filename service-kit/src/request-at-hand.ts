import { AsyncLocalStorage } from "node:async_hooks";
import { describeError } from "./describe-error.js";
import type { Part, PartOutcome, PartSpan, RequestTrace } from "./trace.js";

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
  /** Shows what is done for it; `null`: traces are off. */
  trace: RequestTrace | null;
}

const atHand = new AsyncLocalStorage<RequestAtHand>();

/**
 * @param work - what is done for one request, and all that goes on because of it
 * @returns what `work` returns
 */
export function withRequestAtHand<T>(work: () => T): T {
  return atHand.run({ requestId: null, upstream: 0, database: 0, trace: null }, work);
}

/** @returns the request that is being answered, which still changes; `null`: there is none */
export function requestAtHand(): RequestAtHand | null {
  return atHand.getStore() ?? null;
}

/**
 * @param describe - says what it is; asked only where it is shown
 * @returns a part of the request at hand that begins now; `null`: there is no request, or traces are off
 */
export function beginPart(describe: () => Part): PartSpan | null {
  const trace = atHand.getStore()?.trace ?? null;
  return trace === null ? null : trace.begin(describe());
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

/**
 * @param part - a part that has begun; `null`: nothing is shown
 * @param answer - what it is about
 * @param outcome - what an answer says of how it went; absent: well
 * @returns the answer; the part ends with it
 */
export function shownAs<T>(
  part: PartSpan | null,
  answer: Promise<T>,
  outcome: (value: T) => PartOutcome = () => ({}),
): Promise<T> {
  if (part === null) return answer;
  return answer.then(
    (value) => {
      part.end(outcome(value));
      return value;
    },
    (error: unknown) => {
      const { code, type } = describeError(error);
      // No message: those of some libraries repeat what they were given.
      part.end({ error: code ?? type });
      throw error;
    },
  );
}
