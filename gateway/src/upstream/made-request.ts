/** Methods of requests that the gateway makes. */
export type MadeMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What follows the head of a request; the gateway frames it, whatever framing the client used. */
export type MadeBody =
  | { readonly kind: "none" }
  /** Read whole before, in bytes. */
  | { readonly kind: "whole"; readonly bytes: Buffer }
  /** As it comes from the client; `length` in bytes, `null` when the client does not know it. */
  | { readonly kind: "streamed"; readonly length: number | null };

/** A request to an upstream, complete: nothing of a client's request goes on that does not stand in here. */
export interface MadeRequest {
  readonly method: MadeMethod;
  /** Path and query, written by the gateway. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: MadeBody;
}

/** What the gateway says about a request that it makes for a client. */
export interface MadeFor {
  /** Address of the client. */
  readonly clientAddress: string;
  readonly requestId: string;
  /** `Authorization` for the upstream; `undefined` sends none. */
  readonly authorization: string | undefined;
}

/**
 * @param made - a request
 * @param host - host and port of the upstream
 * @returns its headers as they are sent, framing included (RFC 9112 section 6): a method that usually has a
 *   body says so when it has none
 */
export function wireHeaders(made: MadeRequest, host: string): Record<string, string> {
  const { method, body } = made;
  const headers = { Host: host, ...made.headers };
  switch (body.kind) {
    case "none":
      return method === "POST" || method === "PUT" || method === "PATCH"
        ? { ...headers, "Content-Length": "0" }
        : headers;
    case "whole":
      return { ...headers, "Content-Length": String(body.bytes.length) };
    case "streamed":
      return body.length === null
        ? { ...headers, "Transfer-Encoding": "chunked" }
        : { ...headers, "Content-Length": String(body.length) };
  }
}

/**
 * The registry gives requests ids of its own, and prints the referrer of each.
 *
 * @param requestId - of the request at the gateway; `null`: what is asked for is asked for by nobody
 * @returns headers by which it is found in the registry's log
 */
export function foundBy(requestId: string | null): Record<string, string> {
  if (requestId === null) return {};
  return { "X-Request-Id": requestId, Referer: `request-id:${requestId}` };
}

/**
 * @param facts - what the gateway says about a request
 * @returns headers that clients cannot set towards an upstream
 */
export function ownHeaders(facts: MadeFor): Record<string, string> {
  return {
    "X-Forwarded-For": facts.clientAddress,
    "X-Request-Id": facts.requestId,
    ...(facts.authorization === undefined ? {} : { Authorization: facts.authorization }),
  };
}
