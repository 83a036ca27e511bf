import type { ClientRequest } from "node:http";

/** What a connection says that the other side has closed: the system's codes, and undici's. */
const CLOSED = ["ECONNRESET", "ECONNABORTED", "EPIPE", "UND_ERR_SOCKET"];

/**
 * @param error - why a request got no answer
 * @returns whether it was that the other side had closed the connection
 */
export function isClosed(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return "code" in error && CLOSED.includes(String(error.code));
}

/**
 * Whoever keeps a connection may close it at any time, also while the next request is on its way on it (RFC 9112
 * section 9.3.1).
 *
 * @param outgoing - a request without a word of answer
 * @param error - why there is none
 * @returns whether the connection had been kept from another exchange, and was closed meanwhile
 */
export function isForgotten(outgoing: ClientRequest, error: unknown): boolean {
  return outgoing.reusedSocket && isClosed(error);
}

/**
 * @param method - of an HTTP request
 * @returns whether such a request changes nothing, however often it is made (RFC 9110 section 9.2.1)
 */
export function changesNothing(method: string): boolean {
  return method === "GET" || method === "HEAD";
}
