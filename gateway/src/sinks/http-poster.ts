import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isForgotten } from "#service-kit/http/closed-connection.js";
import { DeliveryError } from "../events/sink.js";
import {
  ForbiddenAddress,
  guardedLookup,
  isForbiddenAddress,
  isForbiddenLiteral,
  type ResolveAll,
} from "./address-guard.js";

/** Where something is posted, and within which limits. */
export interface PosterOptions {
  readonly url: URL;
  /** How long one exchange may take until the answer's head is there. */
  readonly timeoutMilliseconds: number;
  /** Whether link-local and metadata addresses are let be. */
  readonly allowLinkLocal: boolean;
  /** Finds addresses; absent: the system. */
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
  close(): void;
}

/** Of an answer nothing but its head counts; a longer body is not waited for. */
const MOST_ANSWER_BYTES = 64 * 1024;
const MOST_RETRY_AFTER_SECONDS = 86_400;
/** The receiver says that this very event is wrong; whatever else it says may be different later. */
const LASTING = [400, 413, 422];
/** "This endpoint has been disabled" (Standard Webhooks 1.0, section "Operational considerations"; RFC 9110, section 15.5.11). */
const GONE = 410;

/**
 * @param options - URL and limits
 * @returns a client that keeps its connections
 */
export function httpPoster(options: PosterOptions): HttpPoster {
  const { url, allowLinkLocal, timeoutMilliseconds, resolve } = options;
  const isTls = url.protocol === "https:";
  const lookup = guardedLookup(allowLinkLocal ? () => false : isForbiddenAddress, resolve);
  const Agent = isTls ? HttpsAgent : HttpAgent;
  const [kept, fresh] = [new Agent({ keepAlive: true, timeout: 60_000 }), new Agent()];
  const send = isTls ? httpsRequest : httpRequest;

  const answerTo = (
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
    agent = kept,
  ) =>
    new Promise<IncomingMessage>((resolvePromise, reject) => {
      const length = String(Buffer.byteLength(body));
      const request = send(url, {
        method: "POST",
        agent,
        lookup,
        signal,
        headers: { ...headers, "user-agent": "wharfinger", "content-length": length },
      });
      request.on("response", (answer) => {
        drop(answer);
        resolvePromise(answer);
      });
      request.on("error", (error) => {
        // Receivers get what they have not acknowledged again anyway: that can be at once.
        if (agent === kept && isForgotten(request, error))
          answerTo(headers, body, signal, fresh).then(resolvePromise, reject);
        else reject(error);
      });
      request.end(body);
    });

  return {
    post: async (headers, body, signal) => {
      if (!allowLinkLocal && isForbiddenLiteral(url)) throw forbiddenTo(url);
      const timeout = AbortSignal.timeout(timeoutMilliseconds);
      let answer: IncomingMessage;
      try {
        answer = await answerTo(headers, body, AbortSignal.any([signal, timeout]));
      } catch (error) {
        if (error instanceof ForbiddenAddress) throw forbiddenTo(url);
        const reason = timeout.aborted
          ? `no answer within ${timeoutMilliseconds / 1_000} s`
          : reasonOf(error);
        throw new DeliveryError(`${url.host}: ${reason}`);
      }
      refuseAllBut2xx(url, answer);
    },
    close: () => {
      kept.destroy();
      fresh.destroy();
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

function refuseAllBut2xx(url: URL, { statusCode: status = 0, headers }: IncomingMessage): void {
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
  throw new DeliveryError(`${url.host} answered ${status}${hint}`, {
    lasting: LASTING.includes(status),
    gone: isGone,
    retryAfterSeconds: isBusy ? retryAfterSeconds(headers["retry-after"], Date.now()) : null,
  });
}

/**
 * @param value - a `Retry-After` header (RFC 9110, section 10.2.3): seconds or a date
 * @param now - milliseconds since the epoch
 * @returns seconds to wait, a day at most; `null` when it says nothing
 */
export function retryAfterSeconds(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? "";
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1_000);
  if (Number.isNaN(seconds) || seconds < 0) return null;
  return Math.min(seconds, MOST_RETRY_AFTER_SECONDS);
}

function forbiddenTo(url: URL): DeliveryError {
  return new DeliveryError(
    `${url.hostname} is or leads to a link-local or metadata address, which allowLinkLocal would allow`,
  );
}

/** The system's code says enough: messages of errors may repeat what was sent. */
function reasonOf(error: unknown): string {
  const hasCode = typeof error === "object" && error !== null && "code" in error;
  return hasCode ? `failed with ${String(error.code)}` : "the connection failed";
}
