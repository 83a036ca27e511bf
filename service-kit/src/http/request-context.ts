import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "../log.js";
import type { ClientFacts } from "./client-facts.js";
import type { ClientReader } from "./client-reader.js";
import {
  knownMethod,
  levelOf,
  requestLine,
  skipLine,
  statusOf,
  userAgentOf,
  type Known,
  type RequestContext,
} from "./request-line.js";
import { requestAtHand } from "../request-at-hand.js";
import type { ServiceMetrics } from "../metrics.js";
import { beginTrace, endTrace } from "./request-trace.js";
import type { Traces } from "../trace.js";

/** A request that would have changed something, and failed with a fault. */
export interface RefusedRequest {
  readonly code: string;
  readonly reason: string;
  /** Id of the rule that refused it; absent: none did, or it is not known. */
  readonly rule?: string | undefined;
  readonly method: string;
  readonly route: string;
  readonly context: Pick<RequestContext, "who" | "client" | "requestId" | "subject"> & {
    readonly userAgent: string;
  };
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
 * Gives a request its id, one of a trusted proxy or a new one, and sees to it that it is logged
 * ({@link requestLine}) and counted once when it ends, however it ends.
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
    /** Told of what would have changed something and failed with a fault; absent: nobody is. */
    refused?: (request: RefusedRequest) => void;
    /** Absent, or `null`: nobody collects them. */
    traces?: Traces | null;
  },
): RequestContext {
  const { client, failure } = clientOf(req, deps.client);
  const { requestId, clientRequestId } = idsOf(req, client, deps.requestId);
  const context: RequestContext = {
    ...{ requestId, clientRequestId, client },
    ...{ route: "unknown", actor: null, who: null, subject: {}, isRoutine: false, failure: null },
  };
  (req as WithContext)[CONTEXT] = context;
  res.setHeader("X-Request-Id", requestId);
  const startedAt = performance.now();
  const spent = requestAtHand();
  if (spent !== null) {
    spent.requestId = requestId;
    spent.trace = beginTrace(deps.traces ?? null, req, client);
  }
  res.once("close", () => {
    endTrace(spent?.trace ?? null, { req, res, context });
    const milliseconds = performance.now() - startedAt;
    const { route } = context;
    const method = knownMethod(req.method);
    deps.metrics.requests.inc({ route, method, status: statusOf(res) });
    deps.metrics.duration.observe({ route, method }, milliseconds / 1_000);
    tellRefused(req, context, deps.refused);
    const level = levelOf({ req, res, context });
    if (deps.log.isLevelEnabled(level))
      deps.log[level](requestLine({ req, res, context, milliseconds, spent }));
    else skipLine(req.socket);
  });
  if (failure !== null) throw failure.error;
  return context;
}

function tellRefused(
  req: IncomingMessage,
  context: RequestContext,
  told: ((request: RefusedRequest) => void) | undefined,
): void {
  const { failure, route } = context;
  if (told === undefined || failure?.code === undefined) return;
  const method = knownMethod(req.method);
  if (method === "GET" || method === "HEAD") return;
  const { code, reason = "", rule } = failure;
  told({ code, reason, rule, method, route, context: { ...context, userAgent: userAgentOf(req) } });
}

/**
 * Notes who makes a request, for its line in the log and for the audit log.
 *
 * @param req - the request
 * @param who - its login, verified
 */
export function noteCaller(req: IncomingMessage, { uid, realm, kind }: Known): void {
  const context = contextOf(req);
  context.actor = uid;
  context.who = { uid, realm, kind };
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
 * @param req - a request that {@link openContext} has seen
 * @returns its context
 */
export function contextOf(req: IncomingMessage): RequestContext {
  const context = (req as WithContext)[CONTEXT];
  if (context === undefined) throw new Error("the request has no context yet");
  return context;
}
