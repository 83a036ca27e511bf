import { join } from "node:path";
import { envReader, type EnvReader } from "#service-kit/config.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/config.js";
import { readCertifiedKeyRingConfig } from "#service-kit/signing/key-config.js";
import type { KeyRingConfig } from "#service-kit/signing/key-ring.js";
import { readUpstreamTokenNames } from "#service-kit/signing/token-names.js";
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
  const config = readVariables(read);
  read.throwIfFaulty();
  return Object.freeze(config);
}

/**
 * @param read - reader that collects faults
 * @returns the configuration
 */
export function readVariables(read: EnvReader): AuditConfig {
  const keys = readCertifiedKeyRingConfig(read, { owner: "gateway", retainSeconds: 0 });
  const upstream = readUpstreamTokenNames(read);
  return {
    database: readDatabaseConfig(read),
    trustFile: read.text("AUDIT_TRUST_FILE", join(keys.directory, "trust", AUDIT_BUNDLE), {
      meaning: "certificates that signatures of checkpoints have to lead to (docs/audit-log.md)",
      wanted: "PEM file",
      absent: "`trust/audit.pem` in `KEYS_DIR`",
    }),
    keys,
    registryUrl: read.optionalUrl(
      "REGISTRY_URL",
      {
        meaning: "the registry that `--registry` compares with",
        absent: "has to be named after `--registry`",
      },
      "origin",
    ),
    upstreamService: upstream.service,
    upstreamIssuer: upstream.issuer,
  };
}
