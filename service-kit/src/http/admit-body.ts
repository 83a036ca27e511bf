import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Tells a client that waits with its body (RFC 9110 section 10.1.1) to send it. Called only after the
 * request has been allowed, so that a refused upload costs nothing. An HTTP/1.0 client would take it for the answer.
 *
 * @param req - the request
 * @param res - its answer, not begun
 */
export function admitBody(req: IncomingMessage, res: ServerResponse): void {
  const waits = req.headers.expect?.toLowerCase() === "100-continue";
  if (waits && req.httpVersion !== "1.0") res.writeContinue();
}
