import { join } from "node:path";
import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/pool.js";
import { readCertifiedKeyRingConfig } from "#service-kit/signing/key-config.js";
import type { KeyRingConfig } from "#service-kit/signing/key-ring.js";
import { AUDIT_BUNDLE } from "#service-kit/signing/trust-folder.js";

/** What an auditor's commands are told by the environment; the names are the gateway's. */
export interface AuditConfig {
  readonly database: DatabaseConfig;
  /** PEM file with the certificates that signatures of checkpoints have to lead to. */
  readonly trustFile: string;
  /** The gateway's keys, to ask the registry with. */
  readonly keys: KeyRingConfig;
  readonly registryUrl: string | null;
  readonly upstreamService: string;
  readonly upstreamIssuer: string;
}

/**
 * @param env - environment variables
 * @returns the frozen configuration
 * @throws ConfigError that names every faulty variable
 */
export function readConfig(env: NodeJS.ProcessEnv): AuditConfig {
  const read = envReader(env);
  const keys = readCertifiedKeyRingConfig(read, { owner: "gateway", retainSeconds: 0 });
  const config: AuditConfig = {
    database: readDatabaseConfig(read),
    trustFile: read.text("AUDIT_TRUST_FILE", join(keys.directory, "trust", AUDIT_BUNDLE)),
    keys,
    registryUrl: read.optionalUrl("REGISTRY_URL"),
    upstreamService: read.text("UPSTREAM_SERVICE", "wharfinger-upstream"),
    upstreamIssuer: read.text("UPSTREAM_ISSUER", "wharfinger-gateway"),
  };
  read.throwIfFaulty();
  return Object.freeze(config);
}
