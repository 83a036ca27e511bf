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
  /** What a client calls it, in log lines alone: two requests may have it, and another one's id can be claimed so. */
  readonly clientRequestId: string | null;
  /** Name of the endpoint for logs and metrics; never a raw path, which would leak and not be bounded. */
  route: string;
  /** Verified name of who asks, once known. */
  actor: string | null;
  /** Where it comes from. */
  client: ClientFacts;
}

const UNKNOWN: ClientFacts = {
  address: "",
  scheme: "http",
  host: null,
  isProxied: false,
  ignored: false,
};

/** On the request itself: a map by requests costs the collector more than all else here. */
const CONTEXT = Symbol("context");

interface WithContext extends IncomingMessage {
  [CONTEXT]?: RequestContext;
}

/** Safe in a log line and a header, and long enough for the usual trace ids. */
const ACCEPTABLE_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Gives a request its id, one of a trusted proxy or a new one, and sees to it that it is logged and counted once when it ends, however it ends.
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
    /** Id that the request has already; absent: what a trusted proxy says in `X-Request-Id`. */
    requestId?: (req: IncomingMessage) => string | undefined;
  },
): RequestContext {
  const { client, failure } = clientOf(req, deps.client);
  const { requestId, clientRequestId } = idsOf(req, client, deps.requestId);
  const context: RequestContext = {
    ...{ requestId, clientRequestId, client },
    ...{ route: "unknown", actor: null },
  };
  (req as WithContext)[CONTEXT] = context;
  res.setHeader("X-Request-Id", requestId);
  const startedAt = performance.now();
  res.once("close", () => {
    const seconds = (performance.now() - startedAt) / 1_000;
    const method = knownMethod(req.method);
    const status = res.writableFinished ? String(res.statusCode) : "aborted";
    deps.metrics.requests.inc({ route: context.route, method, status });
    deps.metrics.duration.observe({ route: context.route, method }, seconds);
    deps.log[levelOf(req, res)]({
      event: "request",
      ...shownIds(context),
      route: context.route,
      method,
      status,
      actor: context.actor,
      seconds,
    });
  });
  if (failure !== null) throw failure.error;
  return context;
}

function clientOf(
  req: IncomingMessage,
  read: ClientReader,
): { readonly client: ClientFacts; readonly failure: { readonly error: unknown } | null } {
  try {
    return { client: read(req), failure: null };
  } catch (error) {
    return { client: UNKNOWN, failure: { error } };
  }
}

/** Whoever chooses an id could hide behind somebody else's: a client's own stands beside ours, never for it. */
function idsOf(
  req: IncomingMessage,
  client: ClientFacts,
  told: ((req: IncomingMessage) => string | undefined) | undefined,
): Pick<RequestContext, "requestId" | "clientRequestId"> {
  const offered = acceptable([req.headers["x-request-id"]].flat()[0]);
  const ofProxy = client.isProxied ? offered : null;
  const requestId = (told === undefined ? ofProxy : acceptable(told(req))) ?? randomUUID();
  return { requestId, clientRequestId: offered === requestId ? null : offered };
}

function acceptable(id: string | undefined): string | null {
  return id !== undefined && ACCEPTABLE_REQUEST_ID.test(id) ? id : null;
}

/**
 * @param context - of a request
 * @returns its ids for a log line: the client's own only where there is one
 */
export function shownIds({ requestId, clientRequestId }: RequestContext): {
  readonly requestId: string;
  readonly clientRequestId?: string;
} {
  return clientRequestId === null ? { requestId } : { requestId, clientRequestId };
}

/**
 * @param req - a request that {@link openContext} has seen
 * @returns its context
 */
export function contextOf(req: IncomingMessage): RequestContext {
  const context = (req as WithContext)[CONTEXT];
  if (context === undefined) throw new Error("the request has no context yet");
  return context;
}

/** Whatever changes something or fails is worth a line; reads that went well are counted, and many. */
function levelOf({ method }: IncomingMessage, res: ServerResponse): "info" | "debug" {
  const isRead = method === "GET" || method === "HEAD";
  return isRead && res.writableFinished && res.statusCode < 400 ? "debug" : "info";
}

const METHODS: readonly (string | undefined)[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

function knownMethod(method: string | undefined): string {
  return method !== undefined && METHODS.includes(method) ? method : "other";
}
