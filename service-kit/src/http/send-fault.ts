import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault, toFaultReply } from "#registry-protocol/faults.js";
import type { Logger } from "../log.js";
import { contextOf, shownIds } from "./request-context.js";
import { restOfBody } from "./rest-of-body.js";
import { setStatusLine } from "./status-line.js";

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
  const context = contextOf(req);
  const { requestId, route, actor } = context;
  const line = { event: "request.failed", ...shownIds(context), route, actor };
  if (!(error instanceof Fault)) log.error({ ...line, err: error });
  else if (error.cause !== undefined)
    log.warn({ ...line, code: error.code, reason: error.message, err: error.cause });
  else log.info({ ...line, code: error.code, reason: error.message });
  const answer = () => {
    if (res.headersSent || res.destroyed) {
      res.destroy();
      return;
    }
    const reply = toFaultReply(error, requestId);
    for (const [name, value] of Object.entries(reply.headers)) res.setHeader(name, value);
    setStatusLine(res, reply.status, reply.summary);
    sendJson(res, reply.status, reply.body);
  };
  const rest = res.headersSent ? null : restOfBody(req);
  if (rest === null) answer();
  else void rest.then(answer);
}

/** Express refuses paths that cannot be decoded with an error of its own, which repeats them. */
function asClientFault(error: unknown): unknown {
  if (!(error instanceof URIError)) return error;
  return new Fault("REQUEST_INVALID", { message: "the path cannot be decoded" });
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
