import express, { type Express, type Request, type Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/request.js";
import { contextOf, openContext } from "#service-kit/http/request-context.js";
import { sendFault, sendJson } from "#service-kit/http/send-fault.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import { issueToken, type IssueDeps } from "./token/issue.js";
import { parseTokenRequest } from "./token/request.js";

/** What the routes need. */
export interface RouteDeps extends IssueDeps {
  readonly metrics: ServiceMetrics;
}

/**
 * @param deps - use cases' needs, log and metrics
 * @returns every public route of the token server
 */
export function tokenServerRoutes(deps: RouteDeps): Express {
  const { log, metrics } = deps;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((req, res, next) => {
    openContext(req, res, { log, metrics });
    next();
  });
  app.get("/token", named("token"), (req, res) => answerToken(deps, req, res));
  app.get("/.well-known/jwks.json", named("jwks"), (_req, res) => {
    res.setHeader("Cache-Control", "public, max-age=300");
    sendJson(res, 200, { keys: deps.keys.published().map((key) => key.publicJwk) });
  });
  app.get("/.well-known/health", named("health"), (_req, res) => {
    sendJson(res, 200, { health: true });
  });
  app.get("/ready", named("ready"), (_req, res) => {
    sendJson(res, 200, { ready: true });
  });
  app.use(() => {
    throw new Fault("ROUTE_UNKNOWN", { message: "no such endpoint" });
  });
  app.use((error: unknown, req: Request, res: Response, _next: unknown) => {
    sendFault(req, res, error, log);
  });
  return app;
}

async function answerToken(deps: RouteDeps, req: Request, res: Response): Promise<void> {
  res.setHeader("Cache-Control", "no-store");
  try {
    const query = new URLSearchParams(splitTarget(req.url).query);
    const request = parseTokenRequest(query, req.headers.authorization, deps.service);
    const { identity, answer } = await issueToken(deps, request);
    contextOf(req).actor = identity.uid;
    sendJson(res, 200, answer);
  } catch (error) {
    // RFC 9110 section 15.5.2: a 401 says how to log in.
    if (error instanceof Fault && error.code === "UNAUTHORIZED")
      res.setHeader("WWW-Authenticate", 'Basic realm="Wharfinger", charset="UTF-8"');
    throw error;
  }
}

function named(route: string): express.RequestHandler {
  return (req, _res, next) => {
    contextOf(req).route = route;
    next();
  };
}
