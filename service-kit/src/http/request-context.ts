import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "../log.js";
import type { ClientFacts } from "./client-facts.js";
import type { ClientReader } from "./client-reader.js";
import type { ServiceMetrics } from "../metrics.js";

/** What is known of a request from its first byte on. */
export interface RequestContext {
  /** In every log line and error of this request, and in `X-Request-Id` of answer and upstream request. */
  readonly requestId: string;
  /** Name of the endpoint for logs and metrics; never a raw path, which would leak and not be bounded. */
  route: string;
  /** Verified name of who asks, once known. */
  actor: string | null;
  /** Where it comes from. */
  client: ClientFacts;
}

const UNKNOWN: ClientFacts = { address: "", scheme: "http", host: null, ignored: false };

const contexts = new WeakMap<IncomingMessage, RequestContext>();

/** Safe in a log line and a header, and long enough for the usual trace ids. */
const ACCEPTABLE_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Gives a request its id, and sees to it that it is logged and counted once when it ends, however it ends.
 *
 * @param req - the request
 * @param res - its answer; gets the header `X-Request-Id`
 * @param deps - log and metrics of the service
 * @returns the request's context, also found by {@link contextOf}
 * @throws Fault REQUEST_INVALID when it cannot be told where the request comes from; the context is there then
 */
export function openContext(
  req: IncomingMessage,
  res: ServerResponse,
  deps: {
    log: Logger;
    metrics: ServiceMetrics;
    client: ClientReader;
    /** Id that somebody gave the request already; absent: whatever `X-Request-Id` says. */
    requestId?: (req: IncomingMessage) => string | undefined;
  },
): RequestContext {
  const offered = (deps.requestId ?? fromHeader)(req);
  const requestId =
    offered !== undefined && ACCEPTABLE_REQUEST_ID.test(offered) ? offered : randomUUID();
  const context: RequestContext = { requestId, route: "unknown", actor: null, client: UNKNOWN };
  contexts.set(req, context);
  res.setHeader("X-Request-Id", requestId);
  const startedAt = process.hrtime.bigint();
  res.once("close", () => {
    const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
    const method = knownMethod(req.method);
    const status = res.writableFinished ? String(res.statusCode) : "aborted";
    deps.metrics.requests.inc({ route: context.route, method, status });
    deps.metrics.duration.observe({ route: context.route, method }, seconds);
    deps.log.info({
      event: "request",
      requestId,
      route: context.route,
      method,
      status,
      actor: context.actor,
      seconds,
    });
  });
  context.client = deps.client(req);
  return context;
}

function fromHeader(req: IncomingMessage): string | undefined {
  return [req.headers["x-request-id"]].flat()[0];
}

/**
 * @param req - a request that {@link openContext} has seen
 * @returns its context
 */
export function contextOf(req: IncomingMessage): RequestContext {
  const context = contexts.get(req);
  if (context === undefined) throw new Error("the request has no context yet");
  return context;
}

function knownMethod(method: string | undefined): string {
  const known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
  return method !== undefined && known.includes(method) ? method : "other";
}
