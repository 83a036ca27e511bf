import { recordAudit } from "#audit-log/record-audit.js";
import { impatient } from "#service-kit/db/asker.js";
import type { Database } from "#service-kit/db/pool.js";
import { jsonFetcher } from "#service-kit/http/fetch-json.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TokenServerConfig } from "../config/config.js";
import type { DirectorySource } from "../directory/directory-source.js";
import { privilegesIn } from "../directory/privileges.js";
import type { GatewayDeps } from "../registries/ask-gateway.js";
import { followRegistries, type Registries } from "../registries/followed-registries.js";
import type { RegistryDeps } from "../registries/manage-registries.js";
import { registeringReader } from "../registries/register-own.js";

/** The registries that tokens are for. */
export interface OpenedRegistries extends Opened {
  readonly registries: Registries;
  readonly managing: RegistryDeps;
  /** What asks their gateways. */
  readonly gateways: GatewayDeps;
}

/**
 * @param config - the registry that registers itself, who administers, and by which proxies others are asked
 * @param deps - where registries are on record, and the directory that says who may make some
 * @returns the registries, followed
 */
export function openRegistries(
  config: Pick<TokenServerConfig, "service" | "gatewayUrl" | "adminTeams" | "proxies">,
  {
    db,
    log,
    directory,
  }: { readonly db: Database; readonly log: Logger; readonly directory: DirectorySource },
): OpenedRegistries {
  const { service, gatewayUrl: url, adminTeams, proxies } = config;
  const own = { service, url, adminTeams };
  const audit = recordAudit;
  const quick = { ...db, ...impatient(db, "token_server.registry") };
  const read = registeringReader({ db: quick, audit, log }, own);
  const { part, ...registries } = followRegistries(own, { read, log });
  return {
    registries,
    managing: { db, registries, privileges: privilegesIn(directory), audit, log },
    gateways: {
      fetchJson: jsonFetcher(outgoing(proxies)),
      fetchUnchecked: jsonFetcher(outgoing(proxies, "unchecked")),
      log,
    },
    parts: [part],
  };
}
