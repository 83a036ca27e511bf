import { Router, type Request } from "express";
import * as operations from "#rest-api/operations/robots.js";
import { parseInput } from "#rest-api/parse-input.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import {
  createRobot,
  renewRobotSecret,
  robotsOfTeam,
  switchRobot,
  type RobotDeps,
} from "../robots/manage-robots.js";
import { exceedingRobots } from "../robots/exceeding.js";
import { asManager, identifyApiCaller, letAdministratorSee, type ApiCallerDeps } from "./caller.js";
import { mount } from "./mount.js";

/** A secret is in it. */
const NEVER_KEPT = { "Cache-Control": "no-store" };

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
  mount(routes, operations.listRobots, async (req, res) => {
    const target = parseInput(operations.listRobots.parameters, req.params);
    const by = await manager(req);
    const robots = await robotsOfTeam(deps, by, target.team);
    // Nobody else than an administrator sees those of a team that they are not in, unless a rule makes them answer for it.
    if (by.isAdministrator && !by.teams.includes(target.team))
      callers.administered({ actor: by.actor, operation: operations.listRobots.id, ...target });
    sendAnswer(req, res, { body: { robots } });
  });
  mount(routes, operations.listExceedingRobots, async (req, res) => {
    const what = "look at the robots of all teams";
    await letAdministratorSee(callers, req, what, operations.listExceedingRobots);
    sendAnswer(req, res, { body: { robots: await exceedingRobots(deps, deps.policy) } });
  });
  mount(routes, operations.createRobot, async (req, res) => {
    const by = await manager(req);
    const target = parseInput(operations.listRobots.parameters, req.params);
    const wanted = parseInput(operations.createRobot.body, await readJsonBody(req, res));
    sendAnswer(req, res, {
      status: 201,
      body: await createRobot(deps, by, { ...target, ...wanted }),
      headers: NEVER_KEPT,
    });
  });
  mount(routes, operations.rotateRobot, async (req, res) => {
    const by = await manager(req);
    const target = parseInput(operations.rotateRobot.parameters, req.params);
    const wanted = parseInput(operations.rotateRobot.body, (await readJsonBody(req, res)) ?? {});
    sendAnswer(req, res, {
      body: await renewRobotSecret(deps, by, { ...target, ...wanted }),
      headers: NEVER_KEPT,
    });
  });
  for (const [operation, enabled] of [
    [operations.disableRobot, false],
    [operations.enableRobot, true],
  ] as const)
    mount(routes, operation, async (req, res) => {
      const by = await manager(req);
      const target = parseInput(operation.parameters, req.params);
      sendAnswer(req, res, {
        body: { robot: await switchRobot(deps, by, { ...target, enabled }) },
      });
    });
  return routes;
}
