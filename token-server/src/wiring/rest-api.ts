import type { RequestHandler } from "express";
import type { ApiCallerDeps } from "../api/caller.js";
import { apiRoutes } from "../api/routes.js";
import type { RobotDeps } from "../robots/manage-robots.js";

/**
 * @param config - who administers, and the audience of logins
 * @param deps - logins, teams and robots
 * @returns the routes of the REST API about robots, refresh tokens and explanations
 */
export function openRestApi(
  { service, adminTeams }: Pick<ApiCallerDeps, "service" | "adminTeams">,
  deps: Pick<ApiCallerDeps, "logins" | "teams"> & { readonly robots: RobotDeps },
): { readonly routes: readonly RequestHandler[] } {
  const { logins, teams, robots } = deps;
  return { routes: [apiRoutes({ logins, teams, service, adminTeams }, robots)] };
}
