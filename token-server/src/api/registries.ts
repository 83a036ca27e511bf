import { Router, type Request } from "express";
import * as operations from "#rest-api/operations/registries.js";
import { parseInput } from "#rest-api/parse-input.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import {
  changeRegistry,
  createRegistry,
  deleteRegistry,
  seenRegistries,
  seenRegistry,
  type RegistryDeps,
} from "../registries/manage-registries.js";
import { identifyApiCaller, type ApiCallerDeps } from "./caller.js";
import { mount } from "./mount.js";
import { asRegistrar, mayMake, onlookerOf, shown } from "./registry-rights.js";

/**
 * `/registries`: those that the caller sees, and for whoever is responsible their changes.
 *
 * @param callers - says who calls
 * @param deps - registries, privileges, audit log
 * @returns the routes, to be mounted below `/api/v1`
 */
export function registryRoutes(callers: ApiCallerDeps, deps: RegistryDeps): Router {
  const routes = Router();
  const { registries } = deps;
  const identify = (req: Request) => identifyApiCaller(callers, req);
  mount(routes, operations.listRegistries, async (req, res) => {
    const caller = await identify(req);
    const items = seenRegistries(registries, onlookerOf(caller)).map((one) => shown(one, caller));
    sendAnswer(req, res, { body: { items, mayMake: mayMake(deps.privileges, caller) } });
  });
  mount(routes, operations.createRegistry, async (req, res) => {
    const by = asRegistrar(await identify(req));
    const wanted = parseInput(operations.createRegistry.body, await readJsonBody(req, res));
    const made = await createRegistry(deps, by, wanted);
    sendAnswer(req, res, { status: 201, body: shown(made, by) });
  });
  mount(routes, operations.readRegistry, async (req, res) => {
    const caller = await identify(req);
    const { service } = parseInput(operations.readRegistry.parameters, req.params);
    const registry = seenRegistry(registries, onlookerOf(caller), service);
    sendAnswer(req, res, { body: shown(registry, caller) });
  });
  mount(routes, operations.changeRegistry, async (req, res) => {
    const by = asRegistrar(await identify(req));
    const { service } = parseInput(operations.changeRegistry.parameters, req.params);
    const change = parseInput(operations.changeRegistry.body, await readJsonBody(req, res));
    const changed = await changeRegistry(deps, by, { service, change });
    sendAnswer(req, res, { body: shown(changed, by) });
  });
  mount(routes, operations.deleteRegistry, async (req, res) => {
    const by = asRegistrar(await identify(req));
    const { service } = parseInput(operations.deleteRegistry.parameters, req.params);
    await deleteRegistry(deps, by, service);
    sendAnswer(req, res, { status: 204 });
  });
  return routes;
}
