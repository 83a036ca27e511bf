import { Fault } from "#registry-protocol/faults.js";
import { fetchJson, ServiceUnreachable, type JsonReply } from "#service-kit/http/fetch-json.js";
import { CircuitOpen, circuitBreaker } from "./circuit-breaker.js";

/** Another service of the company that logins depend on. */
export interface AskedServiceOptions {
  /** As it is called in messages to users: "the team service". */
  readonly name: string;
  readonly timeoutMilliseconds: number;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Asks the service one thing. */
export type AskService = (url: URL, init?: Parameters<typeof fetchJson>[1]) => Promise<JsonReply>;

const FAILURES = 5;
const PAUSE_MILLISECONDS = 5_000;

/** Statuses that say nothing about what was asked: the service wants to be asked again later. */
const TRY_LATER: readonly number[] = [408, 425, 429];

/**
 * @param options - which service
 * @returns a function that asks it, with a bound on time and size and a circuit breaker
 * @throws Fault UNAVAILABLE when there is no answer, or none that decides anything
 */
export function askedService({ name, timeoutMilliseconds, now }: AskedServiceOptions): AskService {
  const breaker = circuitBreaker({
    failures: FAILURES,
    pauseMilliseconds: PAUSE_MILLISECONDS,
    now,
  });
  return async (url, init = {}) => {
    try {
      return await breaker(async () => {
        const reply = await fetchJson(url, init, timeoutMilliseconds);
        if (TRY_LATER.includes(reply.status))
          throw new ServiceUnreachable(`${url.host} answered ${reply.status}`);
        return reply;
      });
    } catch (error) {
      if (error instanceof ServiceUnreachable || error instanceof CircuitOpen)
        throw unavailable(name, error);
      throw error;
    }
  };
}

/**
 * @param name - the service, as it is called in messages to users
 * @param cause - what went wrong; is logged, never shown, and must hold no secret
 * @returns the fault that says "this cannot be told now", which is neither yes nor no
 */
export function unavailable(name: string, cause: Error): Fault {
  return new Fault("UNAVAILABLE", { message: `${name} is unavailable, try again`, cause });
}
