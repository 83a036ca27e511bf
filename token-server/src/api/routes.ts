import { Router, type RequestHandler } from "express";
import { contextOf } from "#service-kit/http/request-context.js";
import type { ChangeDeps } from "../directory/change-directory.js";
import type { RobotDeps } from "../robots/manage-robots.js";
import type { ApiCallerDeps } from "./caller.js";
import { directoryRoutes } from "./directory.js";
import { explainRoutes } from "./explain.js";
import { policyTestRoutes, type PolicyTestDeps } from "./policy-test.js";
import { refreshTokenRoutes } from "./refresh-tokens.js";
import { robotRoutes } from "./robots.js";
import { whoCanRoutes } from "./who-can.js";

/**
 * @param callers - says who calls
 * @param robots - what managing robots needs
 * @param settings - how long tokens live
 * @param directory - what changing the directory needs
 * @returns everything below `/api/v1`
 */
export function apiRoutes(
  callers: ApiCallerDeps,
  robots: RobotDeps,
  settings: Pick<PolicyTestDeps, "tokenLifetimeSeconds">,
  directory: ChangeDeps,
): RequestHandler {
  const routes = Router();
  routes.use(
    "/api/v1",
    (req, _res, next) => {
      contextOf(req).route = "api";
      next();
    },
    robotRoutes(robots, callers),
    directoryRoutes(directory, callers),
    refreshTokenRoutes(callers),
    explainRoutes(callers, robots),
    whoCanRoutes(callers, robots),
    policyTestRoutes(callers, { ...robots, ...settings }),
  );
  return routes;
}
