import { Router, type Request } from "express";
import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import * as operations from "#rest-api/operations/registries.js";
import { parseInput } from "#rest-api/parse-input.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import { mayBeChangedBy, type Registrar } from "../registries/authority.js";
import {
  changeRegistry,
  createRegistry,
  deleteRegistry,
  seenRegistries,
  seenRegistry,
  type RegistryDeps,
} from "../registries/manage-registries.js";
import type { Onlooker, Registry } from "../registries/registry.js";
import { identifyApiCaller, type ApiCaller, type ApiCallerDeps } from "./caller.js";
import { mount } from "./mount.js";

/** Kinds of login that change no registry whatever teams they are in. */
const NEVER_CHANGING: readonly Identity["kind"][] = ["robot", "machine", "anonymous"];

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
    sendAnswer(req, res, { body: { items, mayMake: mayMake(deps, caller) } });
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

/**
 * @param caller - who calls
 * @returns the teams by which registries know them: a robot is its team's
 */
export function onlookerOf({ identity, teams, isAdministrator }: ApiCaller): Onlooker {
  const { team } = identity.claims;
  const isRobot = identity.kind === "robot" && typeof team === "string";
  return { teams: isRobot ? [team] : teams, isAdministrator };
}

function asRegistrar(caller: ApiCaller): Registrar {
  const { identity, teams, isAdministrator, actor } = caller;
  if (NEVER_CHANGING.includes(identity.kind))
    throw new Fault("DENIED", { message: `a login of kind ${identity.kind} changes no registry` });
  return { identity, actor, teams, isAdministrator };
}

type Looker = Pick<ApiCaller, "identity" | "teams" | "isAdministrator">;

/** What the page shows no button for is refused all the same. */
function mayMake({ privileges }: RegistryDeps, caller: ApiCaller): boolean {
  if (NEVER_CHANGING.includes(caller.identity.kind)) return false;
  const registrar = asRegistrar(caller);
  return (
    privileges.hasPrivilege(registrar, "Manager") && privileges.primaryTeamOf(registrar) !== null
  );
}

function shown(registry: Registry, looker: Looker) {
  const mayChange =
    !NEVER_CHANGING.includes(looker.identity.kind) && mayBeChangedBy(looker, registry);
  const warning = registry.insecure
    ? "its certificate is not checked: whoever is between it and the token server can answer in its place"
    : null;
  return { ...registry, warning, mayChange };
}
