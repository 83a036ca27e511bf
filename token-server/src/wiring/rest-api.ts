import type { RequestHandler } from "express";
import { steadyNow } from "#service-kit/clocks/clock-reading.js";
import { requestLimit } from "#service-kit/http/request-limit.js";
import type { ApiCallerDeps } from "../api/caller.js";
import { apiRoutes } from "../api/routes.js";
import type { TokenServerConfig } from "../config/config.js";
import type { SearchDeps } from "../api/search-all.js";
import type { RegistryDeps } from "../registries/manage-registries.js";
import type { RobotDeps } from "../robots/manage-robots.js";

/**
 * @param config - who administers, how many requests somebody may make, and how long tokens live
 * @param deps - logins, teams, robots and registries
 * @returns the routes of the REST API about registries, robots, refresh tokens and explanations
 */
export function openRestApi(
  config: Pick<TokenServerConfig, "adminTeams" | "apiRequestsPerMinute" | "tokenLifetimeSeconds">,
  deps: Pick<ApiCallerDeps, "logins" | "teams" | "serviceOf"> & {
    readonly robots: RobotDeps;
    readonly managing: RegistryDeps;
    readonly search: SearchDeps;
  },
): { readonly routes: readonly RequestHandler[] } {
  const { logins, teams, serviceOf, robots, managing, search } = deps;
  const { registries } = managing;
  const { adminTeams, apiRequestsPerMinute, tokenLifetimeSeconds } = config;
  const limit = requestLimit(apiRequestsPerMinute, steadyNow);
  const callers = { logins, teams, registries, serviceOf, adminTeams, limit };
  return { routes: [apiRoutes(callers, { robots, managing, search }, { tokenLifetimeSeconds })] };
}
