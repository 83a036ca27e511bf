import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { refuseCrossSite, refuseOtherThanJson } from "#service-kit/http/cross-site.js";
import { openContext } from "#service-kit/http/request-context.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { RequestOrigin } from "./told-by-gateway.js";

/** What every request passes, whatever it is about. */
export interface EntryDeps {
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
  readonly origin: RequestOrigin;
}

/**
 * @param deps - log, metrics, and where requests are from
 * @param routes - the routes of all parts, in their order; whoever knows a request answers it, others pass it on
 * @returns every public route of the token server
 */
export function tokenServerRoutes(deps: EntryDeps, routes: readonly RequestHandler[]): Express {
  const { log, metrics, origin } = deps;
  const { client, requestId } = origin;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((req, res, next) => {
    openContext(req, res, { log, metrics, client, requestId });
    // The gateway compares the origin with its own.
    refuseCrossSite(req, () => null);
    if (req.url.startsWith("/api/")) refuseOtherThanJson(req);
    next();
  });
  for (const handler of routes) app.use(handler);
  app.use(() => {
    throw new Fault("ROUTE_UNKNOWN", { message: "no such endpoint" });
  });
  app.use((error: unknown, req: Request, res: Response, _next: unknown) => {
    sendFault(req, res, error, log);
  });
  return app;
}
