import { Router, type RequestHandler } from "express";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { checkReadiness, type ReadinessDeps } from "./readiness.js";

/**
 * @param deps - what a push needs
 * @returns `/.well-known/health`, which answers while the process runs, and `/ready`
 */
export function probeRoutes(deps: ReadinessDeps): RequestHandler {
  const routes = Router();
  routes.get("/.well-known/health", named("health"), (_req, res) => {
    sendJson(res, 200, { health: true });
  });
  routes.get("/ready", named("ready"), async (_req, res) => {
    const readiness = await checkReadiness(deps);
    sendJson(res, readiness.ready ? 200 : 503, readiness);
  });
  return routes;
}

function named(route: string): RequestHandler {
  return (req, _res, next) => {
    contextOf(req).route = route;
    next();
  };
}
