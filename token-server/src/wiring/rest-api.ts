import type { RequestHandler } from "express";
import { steadyNow } from "#service-kit/clocks/clock-reading.js";
import { requestLimit } from "#service-kit/http/request-limit.js";
import type { ApiCallerDeps } from "../api/caller.js";
import { apiRoutes } from "../api/routes.js";
import type { TokenServerConfig } from "../config/config.js";
import type { ApiDeps } from "../api/routes.js";

/**
 * @param config - who administers, how many requests somebody may make, and how long tokens live
 * @param deps - logins, teams, robots, registries and the directory
 * @returns the routes of the REST API about registries, robots, the directory, refresh tokens and explanations
 */
export function openRestApi(
  config: Pick<TokenServerConfig, "adminTeams" | "apiRequestsPerMinute" | "tokenLifetimeSeconds">,
  deps: Pick<ApiCallerDeps, "logins" | "teams" | "serviceOf" | "administered"> & ApiDeps,
): { readonly routes: readonly RequestHandler[] } {
  const { logins, teams, serviceOf, administered, ...about } = deps;
  const { registries } = about.managing;
  const { adminTeams, apiRequestsPerMinute, tokenLifetimeSeconds } = config;
  const limit = requestLimit(apiRequestsPerMinute, steadyNow);
  const callers = { logins, teams, registries, serviceOf, adminTeams, limit, administered };
  return { routes: [apiRoutes(callers, about, { tokenLifetimeSeconds })] };
}
