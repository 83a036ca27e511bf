import type { ClientRequest } from "node:http";

/** What says that nobody took the connection, so that nothing was sent: the system's codes, the resolver's, and ours. */
const CODES = [
  ...["ECONNREFUSED", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL"],
  ...["ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ERR_CONNECT_TIMEOUT"],
];

/**
 * @param error - why a request got no answer, or what `fetch` throws
 * @returns whether it was that there was no connection to send it on
 */
export function notConnected(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  if ("code" in error && CODES.includes(String(error.code))) return true;
  return "cause" in error && notConnected(error.cause);
}

/**
 * A host that is lost says nothing, and the system waits for minutes.
 *
 * @param outgoing - a request that has just been made
 * @param milliseconds - how long its connection may take
 */
export function boundConnecting(outgoing: ClientRequest, milliseconds: number): void {
  outgoing.once("socket", (socket) => {
    if (!socket.connecting) return;
    const error = Object.assign(new Error(`no connection within ${milliseconds} ms`), {
      code: "ERR_CONNECT_TIMEOUT",
    });
    const timer = setTimeout(() => outgoing.destroy(error), milliseconds);
    const stop = () => {
      clearTimeout(timer);
    };
    socket.once("connect", stop);
    outgoing.once("close", stop);
  });
}
