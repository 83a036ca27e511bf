import { SERVICE_PREFIX } from "#access-policy/directory.js";
import type { AuditAction } from "#audit-log/entry.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Manager } from "../robots/authority.js";
import { hashSecret, newSecret } from "../robots/secret-hash.js";
import { refreshed, type ChangeDeps } from "./change-directory.js";
import { readSnapshot } from "./directory-source.js";
import type { ListedService } from "./directory-snapshot.js";
import { deleteService, insertService, readService, rotateService } from "./service-sql.js";
import type { StoredService } from "./service-sql.js";
import { bumpVersion } from "./sql.js";

/** What managing services needs. */
export type ServiceDeps = Omit<ChangeDeps, "isFromFile">;

/** A service as its responsibles see it. */
export interface ShownService extends StoredService {
  /** User name of its login. */
  readonly login: string;
}

/** A service and the secret that is shown this once. */
export interface ServiceWithSecret {
  readonly service: ShownService;
  readonly secret: string;
}

/**
 * @param deps - where the directory is
 * @param manager - who asks: somebody responsible for the application, or an administrator
 * @param wanted - the service
 * @returns it, with its secret
 * @throws Fault DENIED for everybody else, also where there is no such application; CONFLICT when the name or the workload
 *   is taken
 */
export async function makeService(
  deps: ServiceDeps,
  manager: Manager,
  wanted: ListedService,
): Promise<ServiceWithSecret> {
  requireResponsible(deps, manager, wanted.app);
  const secret = newSecret();
  const made = { ...wanted, secretHash: await hashSecret(secret), createdBy: manager.actor.uid };
  const service = await changeService(deps, manager, "service.created", async (tx) =>
    isListed(deps, wanted.name) ? null : insertService(tx, made),
  );
  if (service === null)
    throw new Fault("CONFLICT", {
      message: `a service "${wanted.name}", or one of that workload, exists already`,
    });
  return { service, secret };
}

/**
 * @param deps - where the directory is
 * @param manager - who asks
 * @param which - the service, and how long the old secret is good, too, in hours
 * @returns it, with another secret
 * @throws Fault NOT_FOUND, also for services of applications that the manager is not responsible for
 */
export async function renewServiceSecret(
  deps: ServiceDeps,
  manager: Manager,
  which: { readonly name: string; readonly overlapHours: number },
): Promise<ServiceWithSecret> {
  await requireService(deps, manager, which.name);
  const secret = newSecret();
  const renewed = { ...which, secretHash: await hashSecret(secret) };
  const service = await changeService(deps, manager, "service.rotated", (tx) =>
    rotateService(tx, renewed),
  );
  if (service === null) throw unknownService(which.name);
  return { service, secret };
}

/**
 * @param deps - where the directory is
 * @param manager - who asks
 * @param name - the service
 * @returns what it was
 * @throws Fault NOT_FOUND, as above
 */
export async function endService(
  deps: ServiceDeps,
  manager: Manager,
  name: string,
): Promise<ShownService> {
  await requireService(deps, manager, name);
  const service = await changeService(deps, manager, "service.deleted", (tx) =>
    deleteService(tx, name),
  );
  if (service === null) throw unknownService(name);
  return service;
}

function isListed({ directory }: ServiceDeps, name: string): boolean {
  return directory.current()?.listed.services.some((one) => one.name === name) ?? false;
}

function isResponsible({ directory }: ServiceDeps, manager: Manager, app: string): boolean {
  const known = readSnapshot(directory);
  const apps = manager.isAdministrator
    ? known.listed.apps
    : known.directory.appsOf("responsibles", manager.teams);
  return apps.some(({ code }) => code === app);
}

function requireResponsible(deps: ServiceDeps, manager: Manager, app: string): void {
  if (isResponsible(deps, manager, app)) return;
  const message = manager.isAdministrator
    ? `there is no app "${app.slice(0, 80)}"`
    : `none of your teams is responsible for app ${app.slice(0, 80)}`;
  throw new Fault("DENIED", { message });
}

/** Whoever is not responsible for a service learns nothing of it. */
async function requireService(deps: ServiceDeps, manager: Manager, name: string): Promise<void> {
  const service = await readService(deps.db, name);
  if (service === null) throw unknownService(name);
  if (!manager.isAdministrator && !isResponsible(deps, manager, service.app))
    throw unknownService(name);
}

function unknownService(name: string): Fault {
  return new Fault("NOT_FOUND", { message: `there is no service "${name.slice(0, 80)}" of yours` });
}

async function changeService(
  deps: ServiceDeps,
  { actor, isAdministrator }: Manager,
  action: Extract<AuditAction, `service.${string}`>,
  change: (tx: Queryable) => Promise<StoredService | null>,
): Promise<ShownService | null> {
  const changed = await deps.db.transaction(async (tx) => {
    await bumpVersion(tx);
    const service = await change(tx);
    if (service === null) return null;
    const { name, app, workload, previousEndsAt } = service;
    await deps.audit(tx, {
      ...{ action, actor, repository: null, tag: null, digest: null },
      reason: isAdministrator ? "administrator" : "responsible for the app",
      detail: {
        ...{ name, app, workload },
        ...(previousEndsAt === null || action !== "service.rotated"
          ? {}
          : { previousEndsAt: previousEndsAt.toISOString() }),
      },
    });
    return service;
  });
  await refreshed(deps);
  return changed === null ? null : { ...changed, login: `${SERVICE_PREFIX}${changed.name}` };
}
