import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import { mayBeChangedBy, type Registrar } from "../registries/authority.js";
import type { RegistryDeps } from "../registries/manage-registries.js";
import type { Onlooker, Registry } from "../registries/registry.js";
import type { ApiCaller } from "./caller.js";

/** Kinds of login that change no registry whatever teams they are in. */
const NEVER_CHANGING: readonly Identity["kind"][] = ["robot", "machine", "anonymous"];

/**
 * @param caller - who calls
 * @returns the teams by which registries know them: a robot is its team's
 */
export function onlookerOf({ identity, teams, isAdministrator }: ApiCaller): Onlooker {
  const { team } = identity.claims;
  const isRobot = identity.kind === "robot" && typeof team === "string";
  return { teams: isRobot ? [team] : teams, isAdministrator };
}

/**
 * @param caller - who calls
 * @returns the caller as one who may be responsible for registries
 * @throws Fault DENIED for logins that change none, whatever teams they are in
 */
export function asRegistrar(caller: ApiCaller): Registrar {
  const { identity, teams, isAdministrator, actor } = caller;
  if (NEVER_CHANGING.includes(identity.kind))
    throw new Fault("DENIED", { message: `a login of kind ${identity.kind} changes no registry` });
  return { identity, actor, teams, isAdministrator };
}

type Looker = Pick<ApiCaller, "identity" | "teams" | "isAdministrator">;

/**
 * What the page shows no button for is refused all the same.
 *
 * @param privileges - who may make registries
 * @param caller - who calls
 * @returns whether they may
 */
export function mayMake(privileges: RegistryDeps["privileges"], caller: ApiCaller): boolean {
  if (NEVER_CHANGING.includes(caller.identity.kind)) return false;
  const registrar = asRegistrar(caller);
  return (
    privileges.hasPrivilege(registrar, "Manager") && privileges.primaryTeamOf(registrar) !== null
  );
}

/**
 * @param registry - a registry
 * @param looker - who sees it
 * @returns it as they see it
 */
export function shown(registry: Registry, looker: Looker) {
  const mayChange =
    !NEVER_CHANGING.includes(looker.identity.kind) && mayBeChangedBy(looker, registry);
  const warning = registry.insecure
    ? "its certificate is not checked: whoever is between it and the token server can answer in its place"
    : null;
  return { ...registry, warning, mayChange };
}
