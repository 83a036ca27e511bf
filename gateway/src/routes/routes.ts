import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import type { ClientReader } from "#service-kit/http/client-reader.js";
import { refuseCrossSite, refuseOtherThanJson } from "#service-kit/http/cross-site.js";
import { openContext } from "#service-kit/http/request-context.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import { clientOrigin } from "../proxy/client-origin.js";
import { refuseOddRequest } from "../upstream/odd-request.js";
import type { CrossOrigin } from "./cross-origin.js";

/** What every request passes, whatever it is about. */
export interface EntryDeps {
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
  readonly client: ClientReader;
  readonly publicUrl: string | null;
  /** Pages of which other origins may read; the listener marks the answers. */
  readonly crossOrigin: CrossOrigin;
}

/**
 * @param deps - log, metrics, and who counts as whom
 * @param routes - the routes of all parts, in their order; whoever knows a request answers it, others pass it on
 * @returns every public route of the gateway
 */
export function gatewayRoutes(deps: EntryDeps, routes: readonly RequestHandler[]): Express {
  const { log, metrics, client, publicUrl, crossOrigin } = deps;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((req, res, next) => {
    const context = openContext(req, res, { log, metrics, client });
    refuseOddRequest(req, res);
    if (crossOrigin.answerPreflight(req, res)) {
      context.route = "preflight";
      return;
    }
    refuseCrossSite(req, () => clientOrigin(req, publicUrl));
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
