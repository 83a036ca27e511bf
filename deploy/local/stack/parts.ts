import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keptSecret, type DataFolder } from "../data-folder.js";
import { StoppedError } from "../errors.js";
import { openLocalKeys } from "./keys.js";
import {
  eventEnvironment,
  gatewaySpec,
  identityProviderSpec,
  messageServiceSpec,
  settingsForCommands,
  TOKEN_SERVERS,
  tokenServerSpec,
  type DatabaseEnvironments,
} from "./our-services.js";
import type { PortPicker } from "../processes/ports.js";
import { openLocalRoles, type RoleLogin } from "./database-roles.js";
import { createPostgres, ensureDatabase } from "../postgres/postgres.js";
import { findRegistry } from "../programs/registry-binary.js";
import { registrySpec } from "./registry.js";
import {
  createService,
  type Service,
  type ServiceContext,
  type ServiceSpec,
} from "../processes/service.js";
import type { LocalSettings } from "../settings.js";
import type { StackTls } from "./tls.js";

/** What the parts of one stack are made from. */
export interface Parts {
  settings: LocalSettings;
  folder: DataFolder;
  /** Port of the gateway. */
  port: number;
  ports: PortPicker;
  /** How clients speak to the gateway. */
  tls: StackTls;
  context: ServiceContext;
  /** Starts a service after noting it, so that it is stopped whatever happens. */
  run: (service: Service) => Promise<void>;
  /** Makes everything that is just starting end. */
  giveUp: () => void;
}

/** Addresses of the parts, for people and tests that look behind the gateway. */
export type Addresses = Record<string, string>;

/**
 * Starts every part in the order in which they need each other.
 *
 * @param parts - what they are made from
 * @returns their addresses
 * @throws LocalStackError when one does not come up
 */
export async function startParts(parts: Parts): Promise<Addresses> {
  const { settings, folder, context, giveUp } = parts;
  const { say, stopping } = context;
  const start = (spec: ServiceSpec) => parts.run(createService(spec, context));
  const addresses = await chooseAddresses(parts);
  const identityProvider = identityProviderSpec({
    folder,
    port: portOf(addresses.identityProvider),
    identitiesFile: settings.identitiesFile,
  });
  const search = { named: settings.registryBin, toolsDir: folder.tools, say, signal: stopping };
  const [database, program] = await together(giveUp, [
    startDatabase(parts, portOf(addresses.postgres)),
    findRegistry(search),
    start(identityProvider),
    startMessages(parts, addresses.sns),
  ]);
  say(
    `the stock registry is ${program.kind === "image" ? program.image : program.file} (${program.version})`,
  );

  // For whoever runs the registry's program beside it, as garbage collection does.
  const { storage } = settings;
  await writeJson(join(folder.run, "registry.json"), { program, storage: storage.storage });

  const keys = await openLocalKeys(folder.keys, context);
  const tokenServers = tokenServersOf(addresses);
  // One after the other: the first migrates.
  for (const { name, url, metrics } of tokenServers)
    await start(
      tokenServerSpec({
        ...{ name, folder, keys, database: database.tokenServer },
        port: portOf(url),
        metricsPort: portOf(metrics),
        identityProvider: addresses.identityProvider,
      }),
    );
  const notification = await keptSecret(folder.secrets, "notification");
  const registry = await registrySpec({
    ...{ program, folder, storage, keys },
    port: portOf(addresses.registry),
    notificationPort: portOf(addresses.gatewayNotifications),
    notificationSecret: notification.value,
    logLevel: settings.logLevel,
  });
  const events = eventEnvironment(settings, addresses);
  await writeJson(join(folder.run, "gateway-settings.json"), {
    NOTIFICATION_PORT: String(portOf(addresses.gatewayNotifications)),
    ...settingsForCommands(events),
  });
  const gateway = gatewaySpec({
    folder,
    keys,
    database: database.gateway,
    port: parts.port,
    tls: parts.tls,
    metricsPort: portOf(addresses.gatewayMetrics),
    registry: addresses.registry,
    tokenServer: tokenServers.map(({ url }) => url).join(),
    notificationPort: portOf(addresses.gatewayNotifications),
    notificationSecretFile: notification.file,
    events,
  });
  await together(giveUp, [start(registry), start(gateway)]);
  return addresses;
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}

/** Pushes need it not: what cannot be delivered waits in the outbox. */
async function startMessages(
  { folder, context, run }: Parts,
  address: string | undefined,
): Promise<void> {
  if (address === undefined) return;
  const spec = messageServiceSpec({ folder, port: portOf(address) });
  try {
    await run(createService(spec, context));
    context.say("events: npm run messages shows what is announced");
  } catch (error) {
    if (error instanceof StoppedError) throw error;
    context.say(
      `EVENTS ARE NOT DELIVERED until the next start, they wait in the outbox: ${(error as Error).message}`,
    );
  }
}

async function chooseAddresses({ settings, port, ports, tls }: Parts) {
  const next = async () => `http://127.0.0.1:${await ports.next()}`;
  return {
    gateway: `${tls.scheme}://127.0.0.1:${port}`,
    gatewayMetrics: await next(),
    gatewayNotifications: await next(),
    tokenServer: await next(),
    tokenServerMetrics: await next(),
    ...(settings.tokenServers === 1
      ? {}
      : { tokenServer2: await next(), tokenServer2Metrics: await next() }),
    identityProvider: await next(),
    registry: await next(),
    postgres: `postgres://127.0.0.1:${await ports.next()}`,
    ...(settings.hasOutsideSns ? {} : { sns: await next() }),
  };
}

function tokenServersOf({
  tokenServer,
  tokenServerMetrics,
  tokenServer2 = "",
  tokenServer2Metrics = "",
}: Addresses) {
  const [first, second] = TOKEN_SERVERS;
  return [
    { name: first, url: tokenServer ?? "", metrics: tokenServerMetrics ?? "" },
    { name: second, url: tokenServer2, metrics: tokenServer2Metrics },
  ].filter(({ url }) => url !== "");
}

/** @returns the port of an address */
export function portOf(address: string): number {
  return Number(new URL(address).port);
}

/**
 * @param parts - what the stack is made from
 * @param port - where Postgres listens
 * @param databases - names of databases beside the usual one, in which all roles and schemas are made, too
 * @returns how the services of the usual database find it; those of another one have its name in place of that
 */
export async function startDatabase(
  { settings, folder, context, run }: Parts,
  port: number,
  databases: readonly string[] = [],
): Promise<DatabaseEnvironments> {
  if (settings.hasOutsidePostgres) return { gateway: {}, tokenServer: {} };
  const logFile = `${folder.logs}/postgres.log`;
  const { secrets, postgres } = folder;
  const { login, service } = await createPostgres(
    { folder: postgres, secrets, logFile, port },
    context,
  );
  await run(service);
  for (const database of databases) {
    await ensureDatabase({ ...login, database });
    await openLocalRoles({ ...login, database }, secrets);
  }
  const { gateway, tokenServer } = await openLocalRoles(login, secrets);
  const environmentOf = ({ user, passwordFile }: RoleLogin) => ({
    DB_SUBNAME: `//${login.host}:${port}/${login.database}`,
    DB_USER: user,
    // An empty one is an absent one: a password of the surroundings would contradict the file.
    DB_PASSWORD: "",
    DB_PASSWORD_FILE: passwordFile,
    PGSSLMODE: "disable",
  });
  return { gateway: environmentOf(gateway), tokenServer: environmentOf(tokenServer) };
}

/** Waits for all, even when one fails: nothing may still be starting when the stack is stopped. */
async function together<T extends readonly Promise<unknown>[]>(
  giveUp: () => void,
  tasks: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const failures: unknown[] = [];
  await Promise.all(
    tasks.map((task) =>
      task.catch((error: unknown) => {
        failures.push(error);
        giveUp();
      }),
    ),
  );
  if (failures.length === 0) return Promise.all(tasks);
  throw failures.find((failure) => !(failure instanceof StoppedError)) ?? failures[0];
}
