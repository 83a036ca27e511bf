import { Router, type Request, type Response } from "express";
import { z } from "zod";
import { GlobError, MOST_STARS, repositoryGlob, starsIn } from "#access-policy/glob.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import {
  createRobot,
  renewRobotSecret,
  robotsOfTeam,
  switchRobot,
  type RobotDeps,
  type RobotWithSecret,
} from "../robots/manage-robots.js";
import { isTeamName } from "../identity/names.js";
import { exceedingRobots } from "../robots/exceeding.js";
import {
  asManager,
  identifyApiCaller,
  requireAdministrator,
  type ApiCallerDeps,
} from "./caller.js";
import { parseInput } from "./parse.js";

/** Whatever `ROBOT_MAX_DAYS` says. */
const MOST_DAYS = 3650;

const name = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "wanted lower case letters, digits and dashes");
const team = z.string().max(100).refine(isTeamName, "not the name of a team");
const expiresInDays = z.number().int().min(1).max(MOST_DAYS).nullable().default(null);
const createSchema = z.strictObject({
  name,
  description: z.string().max(500).default(""),
  grants: z
    .array(
      z.strictObject({
        repositories: z
          .string()
          .max(255)
          .refine(isPlainGlob, {
            error: `wanted a repository, with at most ${MOST_STARS} wildcards * or **`,
          }),
        actions: z
          .array(z.enum(["pull", "push", "delete"]))
          .min(1)
          .transform((actions): typeof actions =>
            // Clients look for what is there before they push.
            actions.includes("push") && !actions.includes("pull") ? ["pull", ...actions] : actions,
          ),
      }),
    )
    .min(1)
    .max(50),
  expiresInDays,
});
/** A week: whoever has a robot in more places than are changed by then rotates once more. */
const MOST_OVERLAP_HOURS = 168;
const overlapHours = z.number().int().min(0).max(MOST_OVERLAP_HOURS).default(0);
const rotateSchema = z.strictObject({ expiresInDays, overlapHours });
const targetSchema = z.object({ team, name });

/**
 * Robots of a team: `/teams/{team}/robots`, and for administrators those of all teams that could not be made today.
 *
 * @param deps - robots and policy
 * @param callers - says who calls
 * @returns the routes, to be mounted below `/api/v1`
 */
export function robotRoutes(deps: RobotDeps, callers: ApiCallerDeps): Router {
  const routes = Router();
  const manager = async (req: Request) => asManager(await identifyApiCaller(callers, req));
  routes.get("/teams/:team/robots", async (req, res) => {
    const target = parseInput(z.object({ team }), req.params);
    sendJson(res, 200, { robots: await robotsOfTeam(deps, await manager(req), target.team) });
  });
  routes.get("/robots/exceeding", async (req, res) => {
    requireAdministrator(await identifyApiCaller(callers, req), "look at the robots of all teams");
    sendJson(res, 200, { robots: await exceedingRobots(deps, deps.policy.current()) });
  });
  routes.post("/teams/:team/robots", async (req, res) => {
    const by = await manager(req);
    const target = parseInput(z.object({ team }), req.params);
    const wanted = parseInput(createSchema, await readJsonBody(req, res));
    sendSecret(res, 201, await createRobot(deps, by, { ...target, ...wanted }));
  });
  routes.post("/teams/:team/robots/:name/rotate", async (req, res) => {
    const by = await manager(req);
    const target = parseInput(targetSchema, req.params);
    const wanted = parseInput(rotateSchema, (await readJsonBody(req, res)) ?? {});
    sendSecret(res, 200, await renewRobotSecret(deps, by, { ...target, ...wanted }));
  });
  for (const [path, enabled] of [
    ["disable", false],
    ["enable", true],
  ] as const)
    routes.post(`/teams/:team/robots/:name/${path}`, async (req, res) => {
      const by = await manager(req);
      const target = parseInput(targetSchema, req.params);
      sendJson(res, 200, { robot: await switchRobot(deps, by, { ...target, enabled }) });
    });
  return routes;
}

/** A template would have to be filled with whoever logs in; a robot is nobody but itself. */
function isPlainGlob(text: string): boolean {
  try {
    return starsIn(text) <= MOST_STARS && repositoryGlob(text).variables.length === 0;
  } catch (error) {
    if (error instanceof GlobError) return false;
    throw error;
  }
}

function sendSecret(res: Response, status: number, made: RobotWithSecret): void {
  res.setHeader("Cache-Control", "no-store");
  sendJson(res, status, made);
}
