import type { IncomingHttpHeaders } from "node:http";
import { markedUserAgent } from "../hooks/own-requests.js";

/** RFC 9110 section 7.6.1: these speak of one connection and are never passed on. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Headers a client must not be able to set towards the registry: the gateway says these itself. */
const SET_BY_GATEWAY = new Set([
  "authorization",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-prefix",
  "x-real-ip",
  "x-request-id",
]);

/** What the gateway tells an upstream about a request. */
export interface ForwardedFacts {
  readonly host: string;
  readonly clientAddress: string;
  readonly requestId: string;
  /** Appended to the client's user agent; absent: nothing. */
  readonly userAgentMark?: string | undefined;
  /** `Authorization` for the upstream; `undefined` sends none. */
  readonly authorization: string | undefined;
}

/**
 * @param headers - a client's request headers
 * @param facts - what the gateway adds
 * @returns headers for the upstream: all end-to-end headers as they are, the rest replaced
 */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  facts: ForwardedFacts,
): IncomingHttpHeaders {
  const passed = Object.entries(headers).filter(
    ([name]) => !isHopByHop(name, headers) && !SET_BY_GATEWAY.has(name),
  );
  return {
    ...Object.fromEntries(passed),
    host: facts.host,
    "x-forwarded-for": facts.clientAddress,
    "x-request-id": facts.requestId,
    ...(facts.userAgentMark === undefined
      ? {}
      : { "user-agent": markedUserAgent(headers["user-agent"], facts.userAgentMark) }),
    ...(facts.authorization === undefined ? {} : { authorization: facts.authorization }),
  };
}

/** Headers of the upstream's own affairs: clients authenticate with us, and every answer has our request id. */
const OWN_AFFAIRS = new Set([
  "www-authenticate",
  "x-request-id",
  "docker-distribution-api-version",
]);

/**
 * @param headers - the upstream's response headers
 * @param upstreamUrl - URL of the upstream
 * @returns headers for the client; a `Location` at the upstream becomes a path, which leads back through
 *   the gateway whatever host, port and scheme the client used (RFC 9110 section 10.2.2)
 */
export function clientHeaders(
  headers: IncomingHttpHeaders,
  upstreamUrl: URL,
): [name: string, value: string | string[]][] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined || isHopByHop(name, headers) || OWN_AFFAIRS.has(name)) return [];
    if (name === "location" && typeof value === "string")
      return [[name, relativeLocation(value, upstreamUrl)]];
    return [[name, value]];
  });
}

function relativeLocation(location: string, upstreamUrl: URL): string {
  if (!URL.canParse(location)) return location;
  const url = new URL(location);
  if (url.host !== upstreamUrl.host) return location;
  return location.slice(location.indexOf("/", location.indexOf("://") + 3));
}

function isHopByHop(name: string, headers: IncomingHttpHeaders): boolean {
  if (HOP_BY_HOP.has(name)) return true;
  // Whoever dropped this would send a body whose end nobody knows.
  if (name === "content-length") return false;
  const named = headers.connection?.toLowerCase().split(",") ?? [];
  return named.some((entry) => entry.trim() === name);
}
