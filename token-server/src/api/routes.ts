import { Router, type RequestHandler } from "express";
import { contextOf } from "#service-kit/http/request-context.js";
import type { ChangeDeps } from "../directory/change-directory.js";
import type { RegistryDeps } from "../registries/manage-registries.js";
import type { RobotDeps } from "../robots/manage-robots.js";
import type { ApiCallerDeps } from "./caller.js";
import { directoryRoutes } from "./directory.js";
import { explainRoutes } from "./explain.js";
import { policyTestRoutes, type PolicyTestDeps } from "./policy-test.js";
import { refreshTokenRoutes } from "./refresh-tokens.js";
import { registryRoutes } from "./registries.js";
import { registrySearchRoutes, type SearchDeps } from "./search-all.js";
import { robotRoutes } from "./robots.js";
import { whoCanRoutes } from "./who-can.js";

/** What the operations need besides callers. */
export interface ApiDeps {
  readonly robots: RobotDeps;
  readonly managing: RegistryDeps;
  readonly search: SearchDeps;
  readonly directory: ChangeDeps;
}

/**
 * @param callers - says who calls
 * @param deps - what managing robots, registries and the directory needs, and searching registries
 * @param settings - how long tokens live
 * @returns everything below `/api/v1`
 */
export function apiRoutes(
  callers: ApiCallerDeps,
  { robots, managing, search, directory }: ApiDeps,
  settings: Pick<PolicyTestDeps, "tokenLifetimeSeconds">,
): RequestHandler {
  const routes = Router();
  routes.use(
    "/api/v1",
    (req, _res, next) => {
      contextOf(req).route = "api";
      next();
    },
    registrySearchRoutes(callers, search),
    registryRoutes(callers, managing),
    robotRoutes(robots, callers),
    directoryRoutes(directory, callers),
    refreshTokenRoutes(callers),
    explainRoutes(callers, robots),
    whoCanRoutes(callers, robots),
    policyTestRoutes(callers, { ...robots, ...settings }),
  );
  return routes;
}
