import express, { type Express, type Request, type Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import type { ClientReader } from "#service-kit/http/client-reader.js";
import { refuseCrossSite, refuseOtherThanJson } from "#service-kit/http/cross-site.js";
import { contextOf, openContext } from "#service-kit/http/request-context.js";
import { sendFault, sendJson } from "#service-kit/http/send-fault.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import { clientOrigin } from "../proxy/client-origin.js";
import { actorOf } from "../proxy/exchange.js";
import {
  handleRegistryRequest,
  identifyCaller,
  isRegistryTarget,
  type RegistryApiDeps,
} from "../proxy/handle.js";
import { checkReadiness } from "./readiness.js";
import { askTokenServer, type TokenServerDeps } from "../upstream/ask-token-server.js";
import { refuseOddRequest } from "../upstream/odd-request.js";
import { pullRoutes } from "../api/pull-routes.js";
import { tagRoutes } from "../api/tag-routes.js";

/** What the routes need. */
export interface GatewayDeps extends RegistryApiDeps, TokenServerDeps {
  readonly metrics: ServiceMetrics;
  readonly client: ClientReader;
  readonly migrated: () => boolean;
}

/**
 * @param deps - use cases' needs, log and metrics
 * @returns every public route of the gateway
 */
export function gatewayRoutes(deps: GatewayDeps): Express {
  const { log, metrics } = deps;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((req, res, next) => {
    openContext(req, res, { log, metrics, client: deps.client });
    refuseOddRequest(req, res);
    refuseCrossSite(req, () => clientOrigin(req, deps.publicUrl));
    if (req.url.startsWith("/api/")) refuseOtherThanJson(req);
    next();
  });
  // Before any router: registry paths are read from the raw target, never decoded by Express.
  app.use((req, res, next) => {
    if (isRegistryTarget(req.url)) void handleRegistryRequest(deps, req, res);
    else next();
  });
  app.use(
    tagRoutes(deps, async (req, request) => {
      const caller = await identifyCaller(deps, req, request);
      return actorOf({ req, caller, context: contextOf(req) });
    }),
  );
  app.use(pullRoutes(deps, (req, request) => identifyCaller(deps, req, request)));
  app.use(async (req, res, next) => {
    if (!(await askTokenServer(deps, req, res))) next();
  });
  app.get("/.well-known/health", named("health"), (_req, res) => {
    sendJson(res, 200, { health: true });
  });
  app.get("/ready", named("ready"), async (_req, res) => {
    const readiness = await checkReadiness(deps);
    sendJson(res, readiness.ready ? 200 : 503, readiness);
  });
  app.use(() => {
    throw new Fault("ROUTE_UNKNOWN", { message: "no such endpoint" });
  });
  app.use((error: unknown, req: Request, res: Response, _next: unknown) => {
    sendFault(req, res, error, log);
  });
  return app;
}

function named(route: string): express.RequestHandler {
  return (req, _res, next) => {
    contextOf(req).route = route;
    next();
  };
}
