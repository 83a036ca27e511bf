import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault, toFaultReply } from "#registry-protocol/faults.js";
import { PROBLEM_TYPE, toProblem } from "#registry-protocol/problem.js";
import { contextOf } from "./request-context.js";
import { restOfBody } from "./rest-of-body.js";
import { setStatusLine } from "./status-line.js";

/**
 * Answers with the registry's error body, below `/api/` with a problem (RFC 9457): the one place where failures are shown, and noted for the request's line in the log.
 *
 * @param req - the request that failed
 * @param res - its answer; when it has begun already, the connection is cut so that the client notices
 * @param thrown - what was thrown; anything but a Fault is logged whole and shown as UNKNOWN
 */
export function sendFault(req: IncomingMessage, res: ServerResponse, thrown: unknown): void {
  const error = asClientFault(thrown);
  const context = contextOf(req);
  context.failure =
    error instanceof Fault
      ? { code: error.code, reason: error.message, rule: error.rule, cause: error.cause }
      : { cause: error };
  const answer = () => {
    if (res.headersSent || res.destroyed) {
      res.destroy();
      return;
    }
    const reply = toFaultReply(error, context.requestId);
    for (const [name, value] of Object.entries(reply.headers)) res.setHeader(name, value);
    setStatusLine(res, reply.status, reply.summary);
    if (isRest(req))
      sendJsonBytes(
        res,
        reply.status,
        jsonBytes(toProblem(error, context.requestId)),
        PROBLEM_TYPE,
      );
    else sendJson(res, reply.status, reply.body);
  };
  const rest = res.headersSent ? null : restOfBody(req);
  if (rest === null) answer();
  else void rest.then(answer);
}

/** Inside of a router Express takes from the target what has been read of it. */
function isRest(req: IncomingMessage & { readonly originalUrl?: string }): boolean {
  return (req.originalUrl ?? req.url ?? "").startsWith("/api/");
}

/** Express refuses paths that cannot be decoded with an error of its own, which repeats them. */
function asClientFault(error: unknown): unknown {
  if (!(error instanceof URIError)) return error;
  return new Fault("REQUEST_INVALID", { message: "the path cannot be decoded" });
}

/** Up to here, a copy costs less than a second piece in one write. */
const ONE_PIECE_BYTES = 64 * 1024;

/**
 * @param res - an answer that has not begun
 * @param status - HTTP status code
 * @param body - serialised as JSON
 */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  sendJsonBytes(res, status, jsonBytes(body));
}

/** @returns a body serialised as JSON */
export function jsonBytes(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body));
}

/**
 * @param res - an answer that has not begun
 * @param status - HTTP status code
 * @param bytes - JSON
 * @param type - its content type
 */
export function sendJsonBytes(
  res: ServerResponse,
  status: number,
  bytes: Buffer,
  type = "application/json; charset=utf-8",
): void {
  res.statusCode = status;
  res.setHeader("Content-Type", type);
  res.setHeader("Content-Length", bytes.length);
  res.setHeader("X-Content-Type-Options", "nosniff");
  if (res.req.method === "HEAD") res.end();
  else if (bytes.length > ONE_PIECE_BYTES) res.end(bytes);
  // Node sends a text in one piece with the head; as Latin-1 any bytes are one, and the same bytes again.
  else res.end(bytes.toString("latin1"), "latin1");
}
