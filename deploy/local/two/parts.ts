import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createService, type ServiceSpec } from "../processes/service.js";
import { findRegistry } from "../programs/registry-binary.js";
import { openLocalKeys, type LocalKeys } from "../stack/keys.js";
import {
  identityProviderSpec,
  tokenServerSpec,
  type DatabaseEnvironment,
} from "../stack/our-services.js";
import { portOf, startDatabase, type Addresses, type Parts } from "../stack/parts.js";
import { LocalStackError } from "../errors.js";
import {
  prepareRegistry,
  REPLICAS,
  SERVICES,
  startRegistry,
  type Prepared,
  type RegistryPlaces,
  type ServiceName,
} from "./one-registry.js";
import { ADMIN_TEAM, registerSecond } from "./register.js";

/** As of a stack with one registry: nobody loses what it leans on. */
export const STOP_ORDER: readonly (readonly string[])[] = [
  SERVICES.flatMap((name) => REPLICAS.map((replica) => `gateway-${name}-${replica}`)),
  ["token-server", ...SERVICES.map((name) => `registry-${name}`)],
  ["postgres", "identity-provider"],
];

/** The token server is in the first one, whose gateways sign checkpoints of its audit log, too. */
const DATABASES: Readonly<Record<ServiceName, string>> = { one: "wharfinger", two: "registry_two" };

type Places = Readonly<Record<ServiceName, RegistryPlaces>>;

/**
 * Starts two registries, each with two gateways, a database and keys of its own, on one token server.
 *
 * @param parts - what they are made from
 * @returns their addresses
 * @throws LocalStackError when one does not come up
 */
export async function startTwo(parts: Parts): Promise<Addresses> {
  const { settings, folder, context } = parts;
  const { say, stopping } = context;
  const { registryBin2 } = settings;
  if (settings.hasOutsidePostgres)
    throw new LocalStackError("DB_SUBNAME: given, wanted none: each registry has a database here");
  const start = (spec: ServiceSpec) => parts.run(createService(spec, context));
  const places = await choosePlaces(parts);
  const [postgres, identityProvider, tokenServer] = [
    await parts.ports.next(),
    `http://127.0.0.1:${await parts.ports.next()}`,
    `http://127.0.0.1:${await parts.ports.next()}`,
  ];
  const search = { named: settings.registryBin, toolsDir: folder.tools, say, signal: stopping };
  const one = await findRegistry(search);
  const two = registryBin2 === null ? one : await findRegistry({ ...search, named: registryBin2 });
  const programs = { one, two };
  const database = await startDatabase(parts, postgres, [DATABASES.two]);
  const { identitiesFile } = settings;
  await start(identityProviderSpec({ folder, port: portOf(identityProvider), identitiesFile }));
  const prepared = [await prepareRegistry(parts, "one"), await prepareRegistry(parts, "two")];
  const keys = await openLocalKeys(folder.keys, context);
  await start(
    forTwo(
      tokenServerSpec({
        ...{ name: "token-server", folder, keys, database: database.tokenServer },
        ...{ port: portOf(tokenServer), metricsPort: await parts.ports.next(), identityProvider },
      }),
      { gateway: gatewayOf(places.one), bundle: await trustInBoth(keys, prepared) },
    ),
  );
  for (const each of prepared) {
    const { name } = each;
    const told = { program: programs[name], places: places[name], tokenServer };
    const own = withDatabase(database.gateway, DATABASES[name]);
    await startRegistry(parts, each, { ...told, database: own });
    say(`registry ${name} (${programs[name].version}): ${places[name].gateways.join(" ")}`);
  }
  const wanted = { service: "two", url: gatewayOf(places.two) };
  const why = await registerSecond(gatewayOf(places.one), wanted);
  if (why !== null)
    say(`REGISTRY two IS NOT REGISTERED (${why}): wharf registries create two --at ${wanted.url}`);
  return addressesOf(places, { postgres: `postgres://127.0.0.1:${postgres}`, identityProvider, tokenServer }); // prettier-ignore
}

async function choosePlaces({ ports, port, tls }: Parts): Promise<Places> {
  const next = async () => `http://127.0.0.1:${await ports.next()}`;
  const gateway = (at: number) => `${tls.scheme}://127.0.0.1:${at}`;
  return {
    one: { registry: await next(), gateways: [gateway(port), gateway(await ports.next())] },
    two: {
      registry: await next(),
      gateways: [gateway(await ports.next()), gateway(await ports.next())],
    },
  };
}

function gatewayOf({ gateways }: RegistryPlaces): string {
  return gateways[0] ?? "";
}

function withDatabase(environment: DatabaseEnvironment, database: string): DatabaseEnvironment {
  const subname = (environment["DB_SUBNAME"] ?? "").replace(/[^/]+$/, database);
  return { ...environment, DB_SUBNAME: subname };
}

/** What gateways of either registry say of their callers is believed. */
async function trustInBoth(keys: LocalKeys, prepared: readonly Prepared[]): Promise<string> {
  const texts = await Promise.all(prepared.map((one) => readFile(one.keys.gatewayBundle, "utf8")));
  const file = join(keys.trust, "gateways.pem");
  await writeFile(file, texts.join(""));
  return file;
}

function forTwo(
  spec: ServiceSpec,
  { gateway, bundle }: { readonly gateway: string; readonly bundle: string },
): ServiceSpec {
  const env = {
    ...spec.command.env,
    ...{ TOKEN_SERVICE: "one", GATEWAY_URL: gateway, GATEWAY_TRUST_FILE: bundle },
    ADMIN_TEAMS: process.env["ADMIN_TEAMS"] ?? ADMIN_TEAM,
  };
  return { ...spec, command: { ...spec.command, env } };
}

function addressesOf(places: Places, more: Addresses): Addresses {
  const found: Addresses = { ...more };
  for (const name of SERVICES) {
    found[`registry-${name}`] = places[name].registry;
    for (const [index, replica] of REPLICAS.entries())
      found[`gateway-${name}-${replica}`] = places[name].gateways[index] ?? "";
  }
  return found;
}
