import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault, toFaultReply } from "#registry-protocol/faults.js";
import type { Logger } from "../log.js";
import { contextOf } from "./request-context.js";

/** How long and how much of a refused request's body is read so that the client gets to see the answer. */
const DRAIN_MILLISECONDS = 5_000;
const DRAIN_BYTES = 8 * 1024 * 1024;

/**
 * Answers with the registry's error body: the one place where failures are logged and shown.
 *
 * @param req - the request that failed
 * @param res - its answer; when it has begun already, the connection is cut so that the client notices
 * @param thrown - what was thrown; anything but a Fault is logged whole and shown as UNKNOWN
 * @param log - the service's log
 */
export function sendFault(
  req: IncomingMessage,
  res: ServerResponse,
  thrown: unknown,
  log: Logger,
): void {
  const error = asClientFault(thrown);
  const { requestId, route, actor } = contextOf(req);
  const line = { event: "request.failed", requestId, route, actor };
  if (!(error instanceof Fault)) log.error({ ...line, err: error });
  else if (error.cause !== undefined)
    log.warn({ ...line, code: error.code, reason: error.message, err: error.cause });
  else log.info({ ...line, code: error.code, reason: error.message });
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const answer = () => {
    const reply = toFaultReply(error, requestId);
    for (const [name, value] of Object.entries(reply.headers)) res.setHeader(name, value);
    sendJson(res, reply.status, reply.body);
  };
  const isSending = !req.complete && !req.destroyed && req.headers.expect === undefined;
  if (isSending && !res.shouldKeepAlive) {
    // Such a connection is closed with the answer, which a client that still sends would never get to read.
    discardBody(req, { ended: answer, tooMuch: answer });
    return;
  }
  answer();
  if (isSending) discardBody(req, { ended: () => undefined, tooMuch: () => req.socket.destroy() });
}

/** Express refuses bodies that are too large, cut off or not decodable with errors of its own. */
function asClientFault(error: unknown): unknown {
  if (!(error instanceof Error) || !("status" in error) || !("expose" in error)) return error;
  return error.expose === true
    ? new Fault("REQUEST_INVALID", { message: error.message, cause: error })
    : error;
}

/**
 * @param res - an answer that has not begun
 * @param status - HTTP status code
 * @param body - serialised as JSON
 */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  res.statusCode = status;
  res.setHeader("Content-Type", "application/json; charset=utf-8");
  res.setHeader("Content-Length", bytes.length);
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.end(res.req.method === "HEAD" ? undefined : bytes);
}

/**
 * A client in the middle of sending a body reads the answer only if its bytes are still taken for a
 * while; one that goes on for ever must not be listened to for ever.
 */
function discardBody(
  req: IncomingMessage,
  then: { readonly ended: () => void; readonly tooMuch: () => void },
): void {
  let left = DRAIN_BYTES;
  const stop = (next: () => void) => {
    clearTimeout(timer);
    req.off("data", count);
    req.off("end", onEnd);
    next();
  };
  const onEnd = () => {
    stop(then.ended);
  };
  const count = (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) stop(then.tooMuch);
  };
  const timer = setTimeout(() => {
    stop(then.tooMuch);
  }, DRAIN_MILLISECONDS).unref();
  req.on("error", () => {
    clearTimeout(timer);
  });
  req.once("close", () => {
    clearTimeout(timer);
  });
  req.on("data", count);
  req.on("end", onEnd);
  // Whatever the body was on its way to has gone, and may have left it standing.
  req.unpipe();
  req.resume();
}
