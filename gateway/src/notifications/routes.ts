import express, { type Express, type Request, type Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { clientFacts } from "#service-kit/http/client-facts.js";
import { contextOf, openContext } from "#service-kit/http/request-context.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import { withRequestAtHand } from "#service-kit/request-at-hand.js";
import { trustedPeers } from "#service-kit/http/trusted-peers.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import { receiveNotification, type HookDeps } from "./receive.js";

/** What the routes need. */
export interface HookRouteDeps extends HookDeps {
  readonly metrics: ServiceMetrics;
  /** Addresses, CIDR ranges or names of the registries. */
  readonly allowed: readonly string[];
}

/**
 * The registry's own way in, on a listener that is not public. Whatever a proxy says of others counts for nothing
 * here: it is the peer itself that has to be allowed, and has to know the secret.
 *
 * @param deps - who may come, and what taking notifications needs
 * @returns `POST /hooks/registry` and nothing else
 */
export function hookRoutes(deps: HookRouteDeps): Express {
  const { log, metrics } = deps;
  const isAllowed = trustedPeers(deps.allowed);
  const client = (req: Parameters<typeof clientFacts>[0]) => clientFacts(req, () => false);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((_req, _res, next) => {
    withRequestAtHand(next);
  });
  app.use((req, res, next) => {
    openContext(req, res, { log, metrics, client });
    if (!isAllowed(contextOf(req).client.address))
      throw new Fault("DENIED", { message: "NOTIFICATION_ALLOWED does not name your address" });
    next();
  });
  app.post("/hooks/registry", async (req, res) => {
    const context = contextOf(req);
    context.route = "hooks";
    // There is one for each of discovery's questions; what counts of the others is on record.
    context.isRoutine = true;
    await receiveNotification(deps, req, res);
  });
  app.use(() => {
    throw new Fault("ROUTE_UNKNOWN", { message: "no such endpoint" });
  });
  app.use((error: unknown, req: Request, res: Response, _next: unknown) => {
    sendFault(req, res, error);
  });
  return app;
}
