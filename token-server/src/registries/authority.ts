import type { Identity } from "#access-policy/identity.js";
import { isResponsibleFor } from "#access-policy/registry-teams.js";
import type { AuditActor } from "#audit-log/entry.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Onlooker, Registry } from "./registry.js";

/** Whoever makes and changes registries. */
export interface Registrar extends Onlooker {
  readonly identity: Identity;
  /** As the audit log names them. */
  readonly actor: AuditActor;
}

/** Says what somebody may do beside what the rules grant; Fault UNAVAILABLE while that is not known. */
export interface Privileges {
  /** @returns whether they may make registries */
  hasPrivilege(caller: Registrar, privilege: "Manager"): boolean;
  /** @returns the team of theirs that a new registry is given to; `null`: they are in none */
  primaryTeamOf(caller: Registrar): string | null;
}

/**
 * @param privileges - who has which
 * @param registrar - who wants to make a registry
 * @throws Fault DENIED for whoever has not the privilege Manager
 */
export function requireManager(privileges: Privileges, registrar: Registrar): void {
  if (privileges.hasPrivilege(registrar, "Manager")) return;
  throw new Fault("DENIED", { message: "making a registry needs the privilege Manager" });
}

/** @returns whether somebody changes a registry: administrators the one of the configuration, responsible teams theirs */
export function mayBeChangedBy({ teams, isAdministrator }: Onlooker, registry: Registry): boolean {
  return (registry.isOwn && isAdministrator) || isResponsibleFor(registry, teams);
}

/**
 * @param registrar - who wants to change it
 * @param registry - which one
 * @throws Fault DENIED for whoever is in none of its responsible teams; administrators are responsible for the one of the
 *   configuration alone
 */
export function requireResponsible(registrar: Registrar, registry: Registry): void {
  if (mayBeChangedBy(registrar, registry)) return;
  throw new Fault("DENIED", {
    message: `none of your teams is responsible for registry ${registry.service}`,
  });
}
