import type { AuditAction } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import {
  requireManager,
  requireResponsible,
  type Privileges,
  type Registrar,
} from "./authority.js";
import type { Registries } from "./followed-registries.js";
import { isSeenBy, type Onlooker, type Registry, type RegistryFacts } from "./registry.js";
import { insertRegistry, lockRegistry, removeRegistry, updateRegistry } from "./sql.js";

/** What managing registries needs. */
export interface RegistryDeps {
  readonly db: Database;
  readonly registries: Registries;
  readonly privileges: Privileges;
  readonly audit: RecordAudit;
  readonly log: Pick<Logger, "info" | "warn">;
}

/** What a new registry is said to be. */
export type NewRegistry = Pick<
  RegistryFacts,
  "service" | "url" | "insecure" | "restricted" | "description"
>;

/** What of a registry is to be another; absent: as it is. */
export type RegistryChange = {
  readonly [F in Exclude<keyof RegistryFacts, "service">]?: RegistryFacts[F] | undefined;
};

/** @returns the registry. @throws Fault NOT_FOUND, also for one that is not published to the onlooker */
export function seenRegistry(
  registries: Registries,
  onlooker: Onlooker,
  service: string,
): Registry {
  const found = registries.all().find((registry) => registry.service === service);
  if (found === undefined || !isSeenBy(found, onlooker)) throw unknownRegistry(service);
  return found;
}

/** @returns the registries that the onlooker knows of, by name */
export function seenRegistries(registries: Registries, onlooker: Onlooker): Registry[] {
  return registries.all().filter((registry) => isSeenBy(registry, onlooker));
}

/**
 * @param deps - database, privileges, audit log
 * @param registrar - who makes it; their primary team is its only publication and responsible
 * @param wanted - what it is to be
 * @returns the registry
 * @throws Fault DENIED without the privilege Manager, or without a team; CONFLICT where there is one of that name
 */
export async function createRegistry(
  deps: RegistryDeps,
  registrar: Registrar,
  wanted: NewRegistry,
): Promise<Registry> {
  requireManager(deps.privileges, registrar);
  const primaryTeam = deps.privileges.primaryTeamOf(registrar);
  if (primaryTeam === null)
    throw new Fault("DENIED", {
      message: "a registry is given to a team of whoever makes it, and you are in none",
    });
  const teams = { publications: [primaryTeam], responsibles: [primaryTeam] };
  const made = { ...wanted, ...teams, isOwn: false, createdBy: registrar.actor.uid };
  return changing(deps, registrar, "registry.created", async (tx) => {
    const registry = await insertRegistry(tx, made);
    if (registry === null)
      throw new Fault("CONFLICT", {
        message: `there is a registry "${wanted.service}" already, or there are as many as there may be`,
      });
    return { registry, reason: "has the privilege Manager", detail: { ...factsOf(registry) } };
  });
}

/**
 * @param deps - database, audit log
 * @param registrar - who changes it
 * @param target - which one, and what is to be another
 * @returns the registry
 * @throws Fault NOT_FOUND, and DENIED for whoever is not responsible for it
 */
export async function changeRegistry(
  deps: RegistryDeps,
  registrar: Registrar,
  { service, change }: { readonly service: string; readonly change: RegistryChange },
): Promise<Registry> {
  return changing(deps, registrar, "registry.changed", async (tx) => {
    const held = await heldRegistry(tx, registrar, service);
    const facts = { ...factsOf(held), ...said(change) };
    const registry = await updateRegistry(tx, facts, registrar.actor.uid);
    if (registry === null) throw unknownRegistry(service);
    const detail = { service, before: before(held, change), ...said(change) };
    return { registry, reason: RESPONSIBLE, detail };
  });
}

/**
 * @param deps - database, audit log
 * @param registrar - who takes it away
 * @param service - which one
 * @returns the registry that was; its robots are switched off, its stored logins are over, what it stores stays
 * @throws Fault NOT_FOUND, DENIED as for a change, and CONFLICT for the one of the configuration
 */
export async function deleteRegistry(
  deps: RegistryDeps,
  registrar: Registrar,
  service: string,
): Promise<Registry> {
  return changing(deps, registrar, "registry.deleted", async (tx) => {
    const registry = await heldRegistry(tx, registrar, service);
    if (service === deps.registries.own)
      throw new Fault("CONFLICT", {
        message: `registry "${service}" is the one of the token server's configuration (TOKEN_SERVICE)`,
      });
    const ended = await removeRegistry(tx, service, registrar.actor.uid);
    return { registry, reason: RESPONSIBLE, detail: { ...factsOf(registry), ended } };
  });
}

const RESPONSIBLE = "is in a team that is responsible for it";

/** The one check of everything that changes a registry. Who does not see it learns nothing of it. */
async function heldRegistry(
  tx: Queryable,
  registrar: Registrar,
  service: string,
): Promise<Registry> {
  const registry = await lockRegistry(tx, service);
  if (registry === null || !isSeenBy(registry, registrar)) throw unknownRegistry(service);
  requireResponsible(registrar, registry);
  return registry;
}

/** Makes a change and puts it on record, both or neither, and has it count here at once. */
async function changing(
  { db, audit, registries, log }: RegistryDeps,
  { actor }: Registrar,
  action: Extract<AuditAction, `registry.${string}`>,
  change: (tx: Queryable) => Promise<{
    readonly registry: Registry;
    readonly reason: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }>,
): Promise<Registry> {
  const registry = await db.transaction(async (tx) => {
    const { registry: changed, reason, detail } = await change(tx);
    await audit(tx, { action, actor, repository: null, tag: null, digest: null, reason, detail });
    return changed;
  });
  log.info({ event: action, actor: actor.uid, service: registry.service });
  // It is changed all the same; all token servers look soon.
  await registries.refresh().catch(() => undefined);
  return registry;
}

function factsOf(registry: Registry): RegistryFacts {
  const { service, url, insecure, restricted, publications, responsibles, description } = registry;
  return { service, url, insecure, restricted, publications, responsibles, description };
}

function said(change: RegistryChange): Partial<RegistryFacts> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function before(held: Registry, change: RegistryChange): Readonly<Record<string, unknown>> {
  const names = Object.keys(said(change));
  return Object.fromEntries(Object.entries(factsOf(held)).filter(([name]) => names.includes(name)));
}

function unknownRegistry(service: string): Fault {
  return new Fault("NOT_FOUND", { message: `there is no registry "${service.slice(0, 80)}"` });
}
