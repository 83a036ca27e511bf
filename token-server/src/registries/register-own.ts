import { EVERYBODY } from "#access-policy/registry-teams.js";
import { SYSTEM } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { OwnRegistry } from "./followed-registries.js";
import type { Registry } from "./registry.js";
import { forgetOthersOwn, insertRegistry, listRegistries, placeOwnRegistry } from "./sql.js";

/** What registering needs. */
export interface RegisterDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
  readonly log: Pick<Logger, "info" | "warn">;
}

/**
 * Registers the registry of the configuration where it is not, so that an installation with one has nothing to do, and says
 * of which ones no certificate is checked.
 *
 * @param deps - database and audit log
 * @param own - the registry of the configuration
 * @returns reads all registries; the first time that works, the own one has been registered
 */
export function registeringReader(
  deps: RegisterDeps,
  own: OwnRegistry,
): () => Promise<readonly Registry[]> {
  const { db, log } = deps;
  const told = new Set<string>();
  let isRegistered = false;
  return async () => {
    if (!isRegistered) await registerOwn(deps, own);
    isRegistered = true;
    const registries = await listRegistries(db);
    for (const { service, insecure, url } of registries)
      if (!insecure) told.delete(service);
      else if (!told.has(service)) {
        told.add(service);
        const message = `NO CERTIFICATE OF REGISTRY ${service} IS CHECKED: whoever is between here and there reads along, and answers in its place`;
        log.warn({ event: "registry.insecure", service, url, message });
      }
    return registries;
  };
}

async function registerOwn({ db, audit, log }: RegisterDeps, own: OwnRegistry): Promise<void> {
  const { service, url } = own;
  const facts = { url, insecure: false, restricted: false, description: "" };
  const made = await db.transaction(async (tx) => {
    await forgetOthersOwn(tx, service);
    const teams = { publications: [EVERYBODY], responsibles: [] };
    const inserted = await insertRegistry(tx, {
      ...{ service, ...facts, ...teams, isOwn: true, createdBy: "" },
    });
    if (url !== null) await placeOwnRegistry(tx, service, url);
    if (inserted !== null)
      await audit(tx, {
        ...{ action: "registry.created", actor: SYSTEM, repository: null, tag: null, digest: null },
        reason: "it is the one of the configuration",
        detail: { service, ...facts, ...teams },
      });
    return inserted;
  });
  if (made !== null) log.info({ event: "registry.created", service });
}
