import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { clientReader } from "#service-kit/http/client-reader.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { openContext } from "#service-kit/http/request-context.js";
import type { RequestContext } from "#service-kit/http/request-line.js";
import { createMetrics } from "#service-kit/metrics.js";
import { SILENT } from "./silent.js";

/**
 * @param address - address of the peer, as a socket names it
 * @param headers - header fields by their names in lower case
 * @param method - HTTP method
 * @returns a request that came from there, without a server
 */
export function requestFrom(
  address: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: address });
  const req = new IncomingMessage(socket);
  Object.assign(req.headers, headers);
  req.method = method;
  return req;
}

/**
 * @param req - a request
 * @returns its answer, not begun
 */
export function answerTo(req: IncomingMessage): ServerResponse {
  return new ServerResponse(req);
}

/** A request as it comes to whatever answers it, and its answer, not begun. */
export interface OpenedRequest {
  readonly req: HttpRequest;
  readonly res: ServerResponse;
  readonly context: RequestContext;
}

/**
 * @param headers - header fields by their names in lower case
 * @param asked - method and target; absent: a GET
 * @returns a request, from an address that is no proxy's, without a server
 */
export function openedRequest(
  headers: Readonly<Record<string, string>>,
  { method = "GET", url = "" } = {},
): OpenedRequest {
  const req = Object.assign(requestFrom("203.0.113.9", headers, method), { url }) as HttpRequest;
  const res = answerTo(req);
  const client = clientReader([], { log: SILENT, now: Date.now });
  return {
    req,
    res,
    context: openContext(req, res, { log: SILENT, metrics: createMetrics(), client }),
  };
}
