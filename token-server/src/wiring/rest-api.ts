import type { RequestHandler } from "express";
import { steadyNow } from "#service-kit/clocks/clock-reading.js";
import { requestLimit } from "#service-kit/http/request-limit.js";
import type { ApiCallerDeps } from "../api/caller.js";
import { apiRoutes } from "../api/routes.js";
import type { TokenServerConfig } from "../config/config.js";
import type { RobotDeps } from "../robots/manage-robots.js";

/**
 * @param config - who administers, the audience of logins, how many requests somebody may make, and how long tokens live
 * @param deps - logins, teams and robots
 * @returns the routes of the REST API about robots, refresh tokens and explanations
 */
export function openRestApi(
  config: Pick<
    TokenServerConfig,
    "service" | "adminTeams" | "apiRequestsPerMinute" | "tokenLifetimeSeconds"
  >,
  deps: Pick<ApiCallerDeps, "logins" | "teams" | "administered"> & { readonly robots: RobotDeps },
): { readonly routes: readonly RequestHandler[] } {
  const { logins, teams, robots, administered } = deps;
  const { service, adminTeams, apiRequestsPerMinute, tokenLifetimeSeconds } = config;
  const limit = requestLimit(apiRequestsPerMinute, steadyNow);
  const callers = { logins, teams, service, adminTeams, limit, administered };
  return { routes: [apiRoutes(callers, robots, { tokenLifetimeSeconds })] };
}
