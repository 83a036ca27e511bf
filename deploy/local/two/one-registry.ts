import { join } from "node:path";
import { keptSecret, openDataFolder, type DataFolder } from "../data-folder.js";
import { createService, type ServiceSpec } from "../processes/service.js";
import type { RegistryProgram } from "../programs/registry-binary.js";
import { openLocalKeys, type LocalKeys } from "../stack/keys.js";
import { gatewaySpec, type DatabaseEnvironment } from "../stack/our-services.js";
import { portOf, type Parts } from "../stack/parts.js";
import { registrySpec } from "../stack/registry.js";

/** What the two registries are called: the services that their tokens are for. */
export const SERVICES = ["one", "two"] as const;
/** One of them. */
export type ServiceName = (typeof SERVICES)[number];

/** Each has so many gateways. */
export const REPLICAS = ["a", "b"] as const;

/** A registry with a folder, keys and secrets of its own. */
export interface Prepared {
  readonly name: ServiceName;
  readonly folder: DataFolder;
  readonly keys: LocalKeys;
}

/** Where the parts of a registry are. */
export interface RegistryPlaces {
  readonly registry: string;
  /** One for each of {@link REPLICAS}. */
  readonly gateways: readonly string[];
}

/**
 * @param parts - what the stack is made from
 * @param name - which registry
 * @returns its folder, with its keys: what one registry's gateways sign the other one does not believe
 */
export async function prepareRegistry(parts: Parts, name: ServiceName): Promise<Prepared> {
  const folder = await openDataFolder(join(parts.folder.root, name));
  return { name, folder, keys: await openLocalKeys(folder.keys, parts.context) };
}

/**
 * Starts a registry and its gateways.
 *
 * @param parts - what the stack is made from
 * @param prepared - which registry
 * @param told - its program, where it and its gateways are to be, their database, and the token server
 * @throws LocalStackError when one of them does not come up
 */
export async function startRegistry(
  parts: Parts,
  { name, folder, keys }: Prepared,
  told: {
    readonly program: RegistryProgram;
    readonly places: RegistryPlaces;
    readonly database: DatabaseEnvironment;
    readonly tokenServer: string;
  },
): Promise<void> {
  const { settings, ports, tls, context } = parts;
  const { program, places, database, tokenServer } = told;
  const start = (spec: ServiceSpec) => parts.run(createService(spec, context));
  const notification = await keptSecret(folder.secrets, "notification");
  const notificationPort = await ports.next();
  const registry = await registrySpec({
    ...{ program, folder, keys, storage: settings.storage, logLevel: settings.logLevel },
    ...{ port: portOf(places.registry), notificationPort, notificationSecret: notification.value },
  });
  await start(named(registry, `registry-${name}`, folder));
  for (const [index, replica] of REPLICAS.entries()) {
    const gateway = gatewaySpec({
      ...{ folder, keys, database, tls, tokenServer, registry: places.registry },
      port: portOf(places.gateways[index] ?? ""),
      metricsPort: await ports.next(),
      // The registry tells one of them, which puts it into the ledger of both.
      notificationPort: index === 0 ? notificationPort : await ports.next(),
      notificationSecretFile: notification.file,
      events: { TOKEN_SERVICE: name, API_REPOSITORY: new URL(places.gateways[0] ?? "").host },
    });
    await start(named(gateway, `gateway-${name}-${replica}`, folder));
  }
}

/** No two processes of a stack have one name. */
function named(spec: ServiceSpec, name: string, folder: DataFolder): ServiceSpec {
  return { ...spec, name, logFile: join(folder.logs, `${name}.log`) };
}
