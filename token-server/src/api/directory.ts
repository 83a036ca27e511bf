import { Router, type Request } from "express";
import * as operations from "#rest-api/operations/directory.js";
import { parseInput } from "#rest-api/parse-input.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import { changeDirectory, type ChangeDeps } from "../directory/change-directory.js";
import { readSnapshot } from "../directory/directory-source.js";
import { endService, makeService, renewServiceSecret } from "../directory/manage-services.js";
import { visibleTo } from "../directory/visible-directory.js";
import {
  asManager,
  identifyApiCaller,
  requireAdministrator,
  type ApiCallerDeps,
} from "./caller.js";
import { mount } from "./mount.js";

/** A secret is in it. */
const NEVER_KEPT = { "Cache-Control": "no-store" };

/**
 * The directory: users, teams, applications, services and privileges.
 *
 * @param deps - where it is
 * @param callers - says who calls
 * @returns the routes, to be mounted below `/api/v1`
 */
export function directoryRoutes(deps: ChangeDeps, callers: ApiCallerDeps): Router {
  const routes = Router();
  const manager = async (req: Request) =>
    asManager(await identifyApiCaller(callers, req), "the directory");
  mount(routes, operations.readDirectory, async (req, res) => {
    const caller = await identifyApiCaller(callers, req);
    const seen = visibleTo(readSnapshot(deps.directory), caller);
    sendAnswer(req, res, { body: { ...seen, isFromFile: deps.isFromFile } });
  });
  mount(routes, operations.changeDirectory, async (req, res) => {
    const caller = await identifyApiCaller(callers, req);
    requireAdministrator(caller, "change the directory");
    const { actor } = asManager(caller, "the directory");
    const { changes } = parseInput(operations.changeDirectory.body, await readJsonBody(req, res));
    await changeDirectory(deps, actor, changes);
    sendAnswer(req, res, { body: { changes: changes.length } });
  });
  mount(routes, operations.createService, async (req, res) => {
    const by = await manager(req);
    const wanted = parseInput(operations.createService.body, await readJsonBody(req, res));
    const body = await makeService(deps, by, wanted);
    sendAnswer(req, res, { status: 201, body, headers: NEVER_KEPT });
  });
  mount(routes, operations.rotateService, async (req, res) => {
    const by = await manager(req);
    const which = parseInput(operations.rotateService.body, await readJsonBody(req, res));
    const body = await renewServiceSecret(deps, by, which);
    sendAnswer(req, res, { body, headers: NEVER_KEPT });
  });
  mount(routes, operations.deleteService, async (req, res) => {
    const by = await manager(req);
    const { name } = parseInput(operations.deleteService.body, await readJsonBody(req, res));
    sendAnswer(req, res, { body: { service: await endService(deps, by, name) } });
  });
  return routes;
}
