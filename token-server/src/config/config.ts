import { envReader } from "#service-kit/config.js";
import type { ConnectionLimits } from "#service-kit/http/connection-count.js";
import { readConnectionLimits } from "#service-kit/http/listener-config.js";
import { readInspectorPort, type InspectorPort } from "#service-kit/inspector.js";
import { LOG_LEVELS, type LogLevel } from "#service-kit/log.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/pool.js";
import { readKeyRingConfig } from "#service-kit/signing/key-config.js";
import type { KeyRingConfig } from "#service-kit/signing/key-ring.js";
import { readAuthentication, type Authentication } from "../logins/closed-by-default.js";
import { DOCKER_CONFIG_CLIENTS } from "../refresh-tokens/clients.js";
import type { LoginLimits } from "../limits/login-limiter.js";

/** Gateways alone have business with it, and where they are somebody has to say. */
const LOOPBACK = "127.0.0.1";
/** How much longer than it says a verifier takes a token, for clocks that differ. */
const LEEWAY_SECONDS = 120;

/** Everything the token server can be told, read once at start. */
export interface TokenServerConfig {
  readonly host: string;
  readonly port: number;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly logLevel: LogLevel;
  readonly inspectorPort: InspectorPort;
  readonly drainSeconds: number;
  /** Name of the registry that tokens are for; the only `service` that is answered. */
  readonly service: string;
  readonly issuer: string;
  readonly tokenLifetimeSeconds: number;
  /** `off`: everybody may do everything. */
  readonly authentication: Authentication;
  readonly tokeninfoUrl: string | null;
  readonly teamServiceUrl: string | null;
  /** Service that knows machines by their instance identity documents. */
  readonly iidinfoUrl: string | null;
  readonly allowPublicRead: boolean;
  /** PEM file with the authorities of the gateways' keys: what such a key signs of a caller is believed; `null`: nothing is. */
  readonly gatewayTrustFile: string | null;
  /** Peers whose `X-Forwarded-For` counts besides. */
  readonly trustedProxies: readonly string[];
  readonly connections: ConnectionLimits;
  readonly database: DatabaseConfig;
  readonly databaseConnections: number;
  readonly refreshTokenSeconds: number;
  readonly refreshTokenClients: readonly string[];
  /** Longest life of a robot, in days. */
  readonly robotMaxDays: number;
  /** How many refresh tokens of one identity live at a time. */
  readonly refreshTokensMost: { readonly perClient: number; readonly perIdentity: number };
  /** How long who was verified of late goes on while a service does not decide. */
  readonly outageSeconds: number;
  /** Members of these teams administer the installation. */
  readonly adminTeams: readonly string[];
  /** YAML file with further logins, and one with the access policy; `null`: none, the built-in one. */
  readonly loginsFile: string | null;
  readonly policyFile: string | null;
  readonly loginLimits: LoginLimits;
  readonly keys: KeyRingConfig;
}

/**
 * @param env - environment variables
 * @returns the frozen configuration
 * @throws ConfigError that names every faulty variable
 */
export function readConfig(env: NodeJS.ProcessEnv): TokenServerConfig {
  const read = envReader(env);
  // Clients take anything below 60 s for 60 s and would go on with an expired token.
  const tokenLifetimeSeconds = read.integer("TOKEN_TTL_SECONDS", 900, { min: 60, max: 86_400 });
  const trustedProxies = read.addressList("TRUSTED_PROXIES");
  const config: TokenServerConfig = {
    host: read.text("HOST", LOOPBACK),
    port: read.port("PORT", 8081),
    metricsHost: read.text("METRICS_HOST", read.text("HOST", LOOPBACK)),
    metricsPort: read.port("METRICS_PORT", 9091),
    inspectorPort: readInspectorPort(read),
    logLevel: read.oneOf("LOG_LEVEL", "info", LOG_LEVELS),
    drainSeconds: read.integer("DRAIN_SECONDS", 30, { min: 0, max: 900 }),
    service: read.text("TOKEN_SERVICE", "wharfinger"),
    issuer: read.text("TOKEN_ISSUER", "wharfinger"),
    tokenLifetimeSeconds,
    authentication: readAuthentication(read),
    tokeninfoUrl: read.optionalUrl("HTTP_TOKENINFO_URL"),
    teamServiceUrl: read.optionalUrl("HTTP_TEAM_SERVICE_URL"),
    iidinfoUrl: read.optionalUrl("HTTP_IIDINFO_URL"),
    allowPublicRead: read.flag("HTTP_ALLOW_PUBLIC_READ", false),
    gatewayTrustFile: read.optionalText("GATEWAY_TRUST_FILE"),
    trustedProxies,
    connections: readConnectionLimits(read, trustedProxies),
    database: readDatabaseConfig(read),
    databaseConnections: read.integer("DB_CONNECTIONS", 10, { min: 2, max: 200 }),
    refreshTokenSeconds: read.integer("REFRESH_TOKEN_TTL_SECONDS", 30 * 86_400, {
      min: 60,
      max: 3650 * 86_400,
    }),
    refreshTokensMost: {
      perClient: read.integer("REFRESH_TOKENS_PER_CLIENT", 50, { min: 1, max: 10_000 }),
      perIdentity: read.integer("REFRESH_TOKENS_PER_IDENTITY", 200, { min: 1, max: 10_000 }),
    },
    outageSeconds: read.integer("LOGIN_OUTAGE_SECONDS", 3_600, { min: 0, max: 86_400 }),
    refreshTokenClients: read.list("REFRESH_TOKEN_CLIENTS", DOCKER_CONFIG_CLIENTS),
    robotMaxDays: read.integer("ROBOT_MAX_DAYS", 365, { min: 1, max: 3650 }),
    adminTeams: read.list("ADMIN_TEAMS"),
    loginsFile: read.optionalText("LOGINS_FILE"),
    policyFile: read.optionalText("POLICY_FILE"),
    loginLimits: {
      failuresPerSource: read.integer("LOGIN_FAILURES_PER_SOURCE", 100, { min: 1, max: 10_000 }),
      failuresPerAccount: read.integer("LOGIN_FAILURES_PER_ACCOUNT", 10, {
        min: 1,
        max: 10_000,
      }),
      windowSeconds: read.integer("LOGIN_FAILURE_SECONDS", 60, { min: 1, max: 86_400 }),
    },
    keys: readKeyRingConfig(read, {
      owner: "token-server",
      retainSeconds: tokenLifetimeSeconds + LEEWAY_SECONDS,
    }),
  };
  read.throwIfFaulty();
  return Object.freeze(config);
}
