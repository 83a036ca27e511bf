import { envReader } from "#service-kit/config.js";
import { LOG_LEVELS, type LogLevel } from "#service-kit/log.js";
import type { KeyStoreConfig } from "#service-kit/signing/key-store.js";

/** Everything the token server can be told, read once at start. */
export interface TokenServerConfig {
  readonly host: string;
  readonly port: number;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly logLevel: LogLevel;
  readonly drainSeconds: number;
  /** Name of the registry that tokens are for; the only `service` that is answered. */
  readonly service: string;
  readonly issuer: string;
  readonly tokenLifetimeSeconds: number;
  /** `null`: authentication is off, everybody may do everything. */
  readonly tokeninfoUrl: string | null;
  readonly teamServiceUrl: string | null;
  readonly allowPublicRead: boolean;
  readonly keys: KeyStoreConfig;
}

/**
 * @param env - environment variables
 * @returns the frozen configuration
 * @throws ConfigError that names every faulty variable
 */
export function readConfig(env: NodeJS.ProcessEnv): TokenServerConfig {
  const read = envReader(env);
  const keyFile = read.optionalText("SIGNING_KEY_FILE");
  const certificateFile = read.optionalText("SIGNING_CERTIFICATE_FILE");
  if (certificateFile !== null && keyFile === null)
    read.fault("SIGNING_CERTIFICATE_FILE", "given without SIGNING_KEY_FILE");
  const config: TokenServerConfig = {
    host: read.text("HOST", "0.0.0.0"),
    port: read.port("PORT", 8081),
    metricsHost: read.text("METRICS_HOST", read.text("HOST", "0.0.0.0")),
    metricsPort: read.port("METRICS_PORT", 9091),
    logLevel: read.oneOf("LOG_LEVEL", "info", LOG_LEVELS),
    drainSeconds: read.integer("DRAIN_SECONDS", 30, { min: 0, max: 900 }),
    service: read.text("TOKEN_SERVICE", "wharfinger"),
    issuer: read.text("TOKEN_ISSUER", "wharfinger"),
    // Clients take anything below 60 s for 60 s and would go on with an expired token.
    tokenLifetimeSeconds: read.integer("TOKEN_TTL_SECONDS", 900, { min: 60, max: 86_400 }),
    tokeninfoUrl: read.optionalUrl("HTTP_TOKENINFO_URL"),
    teamServiceUrl: read.optionalUrl("HTTP_TEAM_SERVICE_URL"),
    allowPublicRead: read.flag("HTTP_ALLOW_PUBLIC_READ", false),
    keys: {
      directory: read.text("KEYS_DIR", "keys"),
      owner: "token-server",
      keyFile,
      certificateFile,
    },
  };
  read.throwIfFaulty();
  return Object.freeze(config);
}
