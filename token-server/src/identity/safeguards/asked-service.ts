import { Fault } from "#registry-protocol/faults.js";
import {
  fetchJson as fetchDirectly,
  ServiceUnreachable,
  type FetchJson,
  type JsonQuestion,
  type JsonReply,
} from "#service-kit/http/fetch-json.js";
import { CircuitOpen, circuitBreaker } from "./circuit-breaker.js";

/** Another service of the company that logins depend on. */
export interface AskedServiceOptions {
  /** As it is called in messages to users: "the team service". */
  readonly name: string;
  readonly timeoutMilliseconds: number;
  /** Every question is the same, whoever logs in: then every answer but 200 is a fault of the service. */
  readonly asksTheSame?: boolean;
  /** Asks it by the way that leads there; absent: directly. */
  readonly fetchJson?: FetchJson | undefined;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Asks the service one thing. */
export type AskService = (url: URL, question?: JsonQuestion) => Promise<JsonReply>;

/** When a service of the company is no longer asked by everybody: at least half of all different questions fail. */
export const SERVICE_BREAKER = {
  failures: 5,
  rate: 0.5,
  windowMilliseconds: 10_000,
  pauseMilliseconds: 1_000,
};

/**
 * What a proxy in front of a dead service answers (RFC 9110, sections 15.6.3 to 15.6.5). Another status, 500 too, may
 * be about what was asked: one malformed token must not stop the logins of everybody else.
 */
const SERVICE_AWAY: readonly number[] = [502, 503, 504];

/**
 * @param options - which service
 * @returns a function that asks it, with a bound on time and size and a circuit breaker
 * @throws Fault UNAVAILABLE when there is no answer, or one of the 3xx and 5xx families, which decide nothing
 */
export function askedService(options: AskedServiceOptions): AskService {
  const { name, timeoutMilliseconds, asksTheSame = false, now } = options;
  const { fetchJson = fetchDirectly } = options;
  const isFailure = asksTheSame ? isUnreachable : isServiceAway;
  const breaker = circuitBreaker({ ...SERVICE_BREAKER, isFailure, now });
  return async (url, question = {}) => {
    try {
      return await breaker(
        async () => {
          const reply = await fetchJson(url, question, timeoutMilliseconds);
          if (asksTheSame && reply.status !== 200)
            throw new ServiceUnreachable(`${url.host} answered ${reply.status}`, reply.status);
          return reply;
        },
        asksTheSame ? undefined : keyOf(url, question),
      );
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

/**
 * @param name - the service, as it is called in messages to users
 * @param reply - an answer that is no verdict on what was asked
 * @returns the fault that says so
 */
export function undecided(name: string, { status }: JsonReply): Fault {
  return unavailable(name, new Error(`it answered ${status}, which decides nothing`));
}

/** What tells a credential from others, wherever the service wants it. */
function keyOf(url: URL, { headers, body }: JsonQuestion): string {
  return JSON.stringify([url.href, headers?.["Authorization"], body]);
}

function isUnreachable(error: unknown): error is ServiceUnreachable {
  return error instanceof ServiceUnreachable;
}

function isServiceAway(error: unknown): boolean {
  return isUnreachable(error) && (error.status === null || SERVICE_AWAY.includes(error.status));
}
