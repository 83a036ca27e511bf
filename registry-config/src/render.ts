import { stringify } from "yaml";
import { ANY_LAYER_URL } from "./settings.js";
import type { RegistryLine, RegistrySettings, TokenSettings } from "./settings.js";
import { storageMiddleware, storageSection } from "./storage.js";

/**
 * @param settings - what the registry is to do
 * @returns text of the registry's configuration file; it holds secrets, so store it with mode 0600
 */
export function renderRegistryConfig(settings: RegistrySettings): string {
  const { registry, storage } = settings;
  const middleware = storageMiddleware(storage);
  const config = {
    version: 0.1,
    log: logSection(settings),
    storage: storageSection(storage, registry),
    ...(middleware === null ? {} : { middleware: { storage: [middleware] } }),
    http: httpSection(settings),
    auth: { token: tokenSection(settings.token, registry) },
    notifications: notificationsSection(settings),
    validation: { manifests: manifestsSection(settings) },
    health: { storagedriver: { enabled: true, interval: "10s", threshold: 3 } },
  };
  // One value, one line, however long: so a secret can be found and replaced by other tools.
  return stringify(config, { lineWidth: 0 });
}

function manifestsSection({ layerUrls }: RegistrySettings) {
  return {
    // Images for Windows have such layers. The gateway looks at their URLs, too (docs/manifests.md).
    urls: { allow: [layerUrls ?? ANY_LAYER_URL] },
    // 3.x knows manifests by sha256 alone, and would miss children that are called otherwise: the gateway looks for all of them
    // before it sends an index (decision 0058). 2.8 overlooks the key.
    indexes: { platforms: "none" },
  };
}

function logSection({ logLevel }: RegistrySettings) {
  return {
    level: logLevel,
    formatter: "json",
    fields: { service: "registry" },
    // Below `info` nothing else tells of requests, above all of those that came past every gateway.
    accesslog: { disabled: false },
  };
}

function httpSection(settings: RegistrySettings) {
  const { metricsListen } = settings;
  const debug = { addr: metricsListen, prometheus: { enabled: true, path: "/metrics" } };
  return {
    addr: settings.listen,
    ...(settings.httpSecret === null ? {} : { secret: settings.httpSecret }),
    // Absolute Location headers would lead clients past the gateway.
    relativeurls: true,
    draintimeout: `${settings.drainSeconds}s`,
    headers: { "X-Content-Type-Options": ["nosniff"] },
    // The debug listener also serves pprof, so it exists only where metrics were asked for.
    ...(metricsListen === null ? {} : { debug }),
  };
}

function tokenSection(token: TokenSettings, registry: RegistryLine) {
  return {
    realm: token.realm,
    service: token.service,
    issuer: token.issuer,
    rootcertbundle: token.rootCertBundle,
    // 2.8 does not know the key and takes any algorithm that fits the certificate.
    ...(registry === "3" ? { signingalgorithms: ["ES256"] } : {}),
  };
}

function notificationsSection({ notifications }: RegistrySettings) {
  const gateway = {
    name: "wharfinger",
    url: notifications.url,
    headers: { Authorization: [`Bearer ${notifications.secret}`] },
    timeout: "5s",
    threshold: 5,
    backoff: "1s",
    // One event for each layer of each pull: the ledger needs those of manifests alone.
    ignore: { mediatypes: ["application/octet-stream"] },
  };
  return { endpoints: [gateway] };
}
