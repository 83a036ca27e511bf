import type { IncomingMessage } from "node:http";
import { askedAs, exchange, reasonOf } from "#service-kit/http/exchange.js";
import type { Outgoing, Way } from "#service-kit/http/outgoing.js";
import { DeliveryError } from "../events/sink.js";
import {
  ForbiddenAddress,
  guardedLookup,
  isForbiddenAddress,
  isForbiddenLiteral,
  type ResolveAll,
} from "./address-guard.js";
import { nameGuard } from "./name-guard.js";
import { retryAfterSeconds } from "./retry-after.js";

/** Where something is posted, and within which limits. */
export interface PosterOptions {
  readonly url: URL;
  /** How long one exchange may take until the answer's head is there. */
  readonly timeoutMilliseconds: number;
  /** Whether link-local and metadata addresses are let be. */
  readonly allowLinkLocal: boolean;
  /** By which it is asked; whoever made them ends them. */
  readonly connections: Outgoing;
  /** Finds addresses; absent: the system, or behind a proxy the name servers. */
  readonly resolve?: ResolveAll | undefined;
}

/** Posts to one URL. */
export interface HttpPoster {
  /**
   * @param headers - of the request
   * @param body - of the request
   * @param signal - ends it
   * @throws DeliveryError when there is no 2xx; redirects are not followed
   */
  post(headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<void>;
}

/** Of an answer nothing but its head counts; a longer body is not waited for. */
const MOST_ANSWER_BYTES = 64 * 1024;
/** The receiver says that this very event is wrong; whatever else it says may be different later. */
const LASTING = [400, 413, 422];
/** "This endpoint has been disabled" (Standard Webhooks 1.0, section "Operational considerations"; RFC 9110, section 15.5.11). */
const GONE = 410;

/**
 * @param options - URL and limits
 * @returns a client that keeps connections
 */
export function httpPoster(options: PosterOptions): HttpPoster {
  const { url, allowLinkLocal, timeoutMilliseconds, connections, resolve } = options;
  const lookup = guardedLookup(allowLinkLocal ? () => false : isForbiddenAddress, resolve);
  const leadsAstray = nameGuard(url.hostname, isForbiddenAddress, resolve);
  const isForbidden = async ({ proxy }: Way) =>
    !allowLinkLocal && (isForbiddenLiteral(url) || (proxy !== null && (await leadsAstray())));
  return {
    post: async (headers, body, signal) => {
      const way = connections.to(url);
      if (await isForbidden(way)) throw forbiddenTo(url);
      const timeout = AbortSignal.timeout(timeoutMilliseconds);
      const ending = AbortSignal.any([signal, timeout]);
      // Receivers get what they have not acknowledged again anyway: that can be at once.
      const request = { method: "POST", headers, body, signal: ending, mayRepeat: true, lookup };
      let answer: IncomingMessage;
      try {
        answer = await exchange(way, url, request);
      } catch (error) {
        if (error instanceof ForbiddenAddress) throw forbiddenTo(url);
        const reason = timeout.aborted
          ? `no answer within ${timeoutMilliseconds / 1_000} s`
          : reasonOf(error);
        throw new DeliveryError(`${askedAs(url.host, way)}: ${reason}`);
      }
      drop(answer);
      refuseAllBut2xx(askedAs(url.host, way), answer);
    },
  };
}

/** Read to its end, so that the connection can be used again, unless that is far. */
function drop(answer: IncomingMessage): void {
  let bytes = 0;
  answer.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) answer.destroy();
  });
  // What goes wrong after the head changes nothing.
  answer.on("error", () => undefined);
}

function refuseAllBut2xx(
  asked: string,
  { statusCode: status = 0, headers }: IncomingMessage,
): void {
  if (status >= 200 && status < 300) return;
  const isRedirect = status >= 300 && status < 400;
  const isGone = status === GONE;
  const hint = isRedirect
    ? "; redirects are not followed"
    : isGone
      ? ", it wants no more events"
      : "";
  // Proxies say it with 502 and 504 as well (RFC 9110, section 10.2.3, leaves open with what).
  const isBusy = status === 429 || status >= 500;
  throw new DeliveryError(`${asked} answered ${status}${hint}`, {
    lasting: LASTING.includes(status),
    gone: isGone,
    retryAfterSeconds: isBusy ? retryAfterSeconds(headers["retry-after"], Date.now()) : null,
  });
}

function forbiddenTo(url: URL): DeliveryError {
  return new DeliveryError(
    `${url.hostname} is or leads to a link-local or metadata address, which allowLinkLocal would allow`,
  );
}
