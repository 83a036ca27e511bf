import { Router, type RequestHandler } from "express";
import { contextOf } from "#service-kit/http/request-context.js";
import type { RobotDeps } from "../robots/manage-robots.js";
import type { ApiCallerDeps } from "./caller.js";
import { explainRoutes } from "./explain.js";
import { refreshTokenRoutes } from "./refresh-tokens.js";
import { robotRoutes } from "./robots.js";
import { whoCanRoutes } from "./who-can.js";

/**
 * @param callers - says who calls
 * @param robots - what managing robots needs
 * @returns everything below `/api/v1`
 */
export function apiRoutes(callers: ApiCallerDeps, robots: RobotDeps): RequestHandler {
  const routes = Router();
  routes.use(
    "/api/v1",
    (req, _res, next) => {
      contextOf(req).route = "api";
      next();
    },
    robotRoutes(robots, callers),
    refreshTokenRoutes(callers),
    explainRoutes(callers, robots),
    whoCanRoutes(callers, robots),
  );
  return routes;
}
