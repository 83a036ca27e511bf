import type { IncomingHttpHeaders } from "node:http";

/**
 * Headers of an answer that mean something to a client (OCI distribution-spec; RFC 9110). Who the upstream is, how it
 * keeps connections, whom it challenges and what else it says is its own affair.
 */
const PASSED = new Set([
  "accept-ranges",
  "allow",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-range",
  "content-type",
  "etag",
  "expires",
  "last-modified",
  "link",
  "location",
  "range",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "warning",
  "x-content-type-options",
]);
/** `Docker-Content-Digest`, `Docker-Upload-UUID`, `OCI-Subject`, and what is added to them. */
const PASSED_FAMILIES = ["docker-", "oci-"];
/** Every answer of the gateway says this by itself. */
const SAID_BY_GATEWAY = "docker-distribution-api-version";

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
    if (value === undefined || !isPassed(name)) return [];
    if (name === "location" && typeof value === "string")
      return [[name, relativeLocation(value, upstreamUrl)]];
    return [[name, value]];
  });
}

function isPassed(name: string): boolean {
  if (name === SAID_BY_GATEWAY) return false;
  return PASSED.has(name) || PASSED_FAMILIES.some((family) => name.startsWith(family));
}

function relativeLocation(location: string, upstreamUrl: URL): string {
  if (!URL.canParse(location)) return location;
  const url = new URL(location);
  if (url.host !== upstreamUrl.host) return location;
  return location.slice(location.indexOf("/", location.indexOf("://") + 3));
}
