import { createLogger } from "#service-kit/log.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import type { GatewayConfig } from "../../config/config.js";
import { GATEWAY_SCHEMAS } from "../../wiring/migrations.js";
import { openOwnRequests } from "../../wiring/registry.js";
import { bad, good, look, reasonOf, type Finding } from "./finding.js";
import { checkNames, checkProxies, type NamedHost } from "./network.js";
import { checkProgram, checkTokenServers, checkWebhook } from "./parts.js";
import { checkPostgres } from "./postgres.js";
import { checkRegistryFile, type S3Settings } from "./registry-file.js";
import { checkRegistry } from "./registry.js";
import { checkBucket, checkStorage } from "./storage.js";

const SILENT = createLogger("doctor", "silent");

/** What is not told by the gateway's variables. */
export interface RegistryPlaces {
  /** Configuration file of the registry; `null`: not told. */
  readonly file: string | null;
  /** Its program, likewise. */
  readonly program: string | null;
}

/**
 * Looks at everything that the gateway's configuration names, from where the gateway is. Nothing is changed.
 *
 * @param config - the gateway's
 * @param registry - where the registry's own files are
 * @returns each finding, with what to do
 */
export async function examine(
  config: GatewayConfig,
  registry: RegistryPlaces,
): Promise<readonly Finding[]> {
  const { findings, s3 } = ofFile(config, registry.file);
  return [
    good("configuration", "understood"),
    ...(await checkNames(hostsOf(config))),
    ...(await checkProxies(config.proxies)),
    ...(await checkPostgres({ ...config, schemas: GATEWAY_SCHEMAS })),
    ...(await ofRegistry(config)),
    ...(registry.program === null ? [] : [await checkProgram(registry.program, s3 !== null)]),
    ...findings,
    ...(s3 === null ? [] : [await checkBucket(s3)]),
    await checkWebhook(config.notifications),
    ...(await checkTokenServers(config.tokenServerUrls)),
  ];
}

async function ofRegistry(config: GatewayConfig): Promise<readonly Finding[]> {
  try {
    const keys = await openKeyRing(config.keys, { now: Date.now, log: SILENT });
    const registry = openOwnRequests(config, keys);
    return [...(await checkRegistry(registry)), await checkStorage(registry.upstream)];
  } catch (error) {
    return [bad("keys", reasonOf(error), "npm run keys -- renew (docs/keys.md)")];
  }
}

function ofFile(
  config: GatewayConfig,
  file: string | null,
): { readonly findings: readonly Finding[]; readonly s3: S3Settings | null } {
  if (file !== null) return checkRegistryFile(file, config);
  const todo = "name it, where it can be read: --registry-config FILE";
  return { findings: [look("registry file", "not looked at", todo)], s3: null };
}

function hostsOf(config: GatewayConfig): readonly NamedHost[] {
  const { database, registryUrl, registryProcesses, tokenServerUrls, publicUrl } = config;
  const hostIn = (url: string) => new URL(url).hostname;
  const named = [
    ...[database, ...(database.others ?? [])].map(({ host }) => ["DB_SUBNAME", host] as const),
    ...[registryUrl, ...registryProcesses].map((url) => ["REGISTRY_URL", hostIn(url)] as const),
    ...tokenServerUrls.map((url) => ["TOKEN_SERVER_URL", hostIn(url)] as const),
    ...(publicUrl === null ? [] : [["PUBLIC_URL", hostIn(publicUrl)] as const]),
  ];
  return [...new Map(named.map(([variable, host]) => [host, { variable, host }])).values()];
}
