import { request as httpRequest, type Agent, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { isForgotten } from "./closed-connection.js";
import type { Way } from "./outgoing.js";
import { beginPart, shownAs, spendOn } from "../request-at-hand.js";
import { answerOutcome, askingPart } from "./asking-part.js";

/** A request to what is not part of the installation. */
export interface OutgoingRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Ends the exchange, the reading of its answer included. */
  readonly signal: AbortSignal;
  /** Whether it does no harm when it is made twice. */
  readonly mayRepeat: boolean;
  /** Finds addresses where it is asked directly; absent: the system. */
  readonly lookup?: LookupFunction;
}

/**
 * Whoever keeps a connection may close it while the next request is on its way on it (RFC 9112, section 9.3.1): what
 * may be made twice goes on a kept one, and is made once more then; everything else gets a new one.
 *
 * @param way - how the URL is asked
 * @param url - absolute; redirects are not followed
 * @param request - method, headers, body, and what ends it
 * @returns the answer's head, with its body to be read
 * @throws whatever Node throws, or an error with the code `ABORT_ERR`
 */
export async function exchange(
  way: Way,
  url: URL,
  request: OutgoingRequest,
): Promise<IncomingMessage> {
  const again = () => attempt(way.fresh, url, request);
  // Whoever is no part of the installation is told of no trace.
  const part = beginPart(() => askingPart(request.method, url));
  const answer = request.mayRepeat ? attempt(way.kept, url, request, again) : again();
  return spendOn("upstream", shownAs(part, answer, answerOutcome));
}

function attempt(
  agent: Agent,
  url: URL,
  { method, headers, body, signal, lookup }: OutgoingRequest,
  again?: () => Promise<IncomingMessage>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const outgoing = send(url, {
      method,
      agent,
      signal,
      headers: { "user-agent": "wharfinger", ...headers, ...length },
      ...(lookup === undefined ? {} : { lookup }),
    });
    // A request that waits for its tunnel through a proxy does not tell of its signal by itself.
    const abort = () => {
      reject(Object.assign(new Error("ended"), { code: "ABORT_ERR" }));
    };
    signal.addEventListener("abort", abort);
    const settled = () => {
      signal.removeEventListener("abort", abort);
    };
    outgoing.on("response", (answer) => {
      settled();
      resolve(answer);
    });
    outgoing.on("error", (error) => {
      settled();
      if (again !== undefined && !signal.aborted && isForgotten(outgoing, error))
        again().then(resolve, reject);
      else reject(error);
    });
    outgoing.end(body);
  });
}

/**
 * @param host - whom was asked
 * @param way - how
 * @returns both, for operators
 */
export function askedAs(host: string, { proxy }: Pick<Way, "proxy">): string {
  return proxy === null ? host : `${host} through the proxy ${proxy.name}`;
}

/**
 * @param error - why there is no answer
 * @returns the same in a word or two; texts of errors may repeat what was sent, and so nothing else of them is in it
 */
export function reasonOf(error: unknown): string {
  const { code, statusCode } = (typeof error === "object" && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly statusCode?: unknown;
  };
  if (code === "ERR_PROXY_TUNNEL")
    return typeof statusCode === "number" && !Number.isNaN(statusCode)
      ? `the proxy answered ${statusCode}${statusCode === 407 ? ", it wants other credentials" : ""}`
      : "the proxy closed the connection";
  return typeof code === "string" ? `failed with ${code}` : "the connection failed";
}
