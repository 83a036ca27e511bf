import { readChangedBy } from "#audit-log/changed-by.js";
import { envReader, type EnvReader } from "#service-kit/config.js";
import {
  readDatabaseConfig,
  readDatabaseConnections,
  type DatabaseConfig,
} from "#service-kit/db/config.js";
import { examineFile } from "#service-kit/examine-file.js";
import {
  readListenerConfig,
  refuseSamePorts,
  usualPlaces,
  type ListenerConfig,
} from "#service-kit/http/listener-config.js";
import { readApiRequests } from "#service-kit/http/request-limit.js";
import { readProxies, type Proxies } from "#service-kit/http/proxies.js";
import { readInspectorPort, type InspectorPort } from "#service-kit/inspector.js";
import { readLogLevel, type LogLevel } from "#service-kit/log.js";
import { certificatesIn } from "#service-kit/signing/certificates-in.js";
import { readTracing, type TracingConfig } from "#service-kit/tracing/config.js";
import { examineKeys } from "#service-kit/signing/examine-keys.js";
import { readKeyRingConfig } from "#service-kit/signing/key-config.js";
import type { KeyRingConfig } from "#service-kit/signing/key-ring.js";
import { readClientTokenNames } from "#service-kit/signing/token-names.js";
import { readOutboundAuthorities } from "#service-kit/tls/outbound-authorities.js";
import { readCertificateFiles, type CertificateFiles } from "#service-kit/tls/certificate-files.js";
import {
  readAuthentication,
  requireWayIn,
  type Authentication,
} from "../logins/closed-by-default.js";
import { parseLogins, readLogins } from "../logins/config.js";
import { parseDirectoryFile } from "../directory/directory-file.js";
import { loadPolicy } from "../policy/load.js";
import type { LoginLimits } from "../limits/login-limiter.js";
import { readLoginLimits, readRefreshTokenSettings } from "./login-settings.js";
import type { RefreshTokenSettings } from "./login-settings.js";

/** Gateways alone have business with it, and where they are somebody has to say. */
const LOOPBACK = "127.0.0.1";
/** How much longer than it says a verifier takes a token, for clocks that differ. */
const LEEWAY_SECONDS = 120;

/** Everything the token server can be told, read once at start. */
export interface TokenServerConfig extends ListenerConfig, RefreshTokenSettings {
  readonly logLevel: LogLevel;
  /** Who deployed the service; `null`: nobody says so. */
  readonly changedBy: string | null;
  readonly inspectorPort: InspectorPort;
  /** Where traces go; `null`: nowhere. */
  readonly tracing: TracingConfig | null;
  /** Name of the registry that registers itself, and that tokens are for where a client names none. */
  readonly service: string;
  /** Where its gateway is asked by the token server; `null`: nobody said. */
  readonly gatewayUrl: string | null;
  /** By which it speaks TLS; `null`: it does not. */
  readonly certificateFiles: CertificateFiles | null;
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
  /** By which services elsewhere are asked. */
  readonly proxies: Proxies;
  /** PEM file with authorities that are trusted beside those that Node knows; `null`: none. */
  readonly outboundAuthoritiesFile: string | null;
  readonly database: DatabaseConfig;
  readonly databaseConnections: number;
  /** Longest life of a robot, in days. */
  readonly robotMaxDays: number;
  /** How long who was verified of late goes on while a service does not decide. */
  readonly outageSeconds: number;
  /** Members of these teams administer the installation. */
  readonly adminTeams: readonly string[];
  /** Requests to the REST API that one caller may make in a minute. */
  readonly apiRequestsPerMinute: number;
  /** YAML file with further logins, and one with the access policy; `null`: none, the built-in one. */
  readonly loginsFile: string | null;
  readonly policyFile: string | null;
  /** YAML file with users, applications, services and privileges; `null`: Postgres has them. */
  readonly directoryFile: string | null;
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
  const config = readVariables(read);
  refuseSamePorts(read, usualPlaces(config));
  examineFiles(read, config);
  read.throwIfFaulty();
  return Object.freeze(config);
}

/**
 * @param read - reader that collects faults
 * @returns the configuration
 */
export function readVariables(read: EnvReader): TokenServerConfig {
  const listening = { host: LOOPBACK, port: 8081, metricsPort: 9091 };
  return {
    ...readLoginVariables(read.on("Logins")),
    ...readRights(read.on("Who may do what")),
    apiRequestsPerMinute: readApiRequests(read.on("Requests and manifests")),
    ...readTokens(read.on("Keys and tokens")),
    ...readRefreshTokenSettings(read.on("Refresh tokens")),
    loginLimits: readLoginLimits(read.on("Failed logins")),
    ...readListenerConfig(read.on("Listening"), listening),
    certificateFiles: readCertificateFiles(read.on("Listening")),
    proxies: readProxies(read.on("Proxies")),
    outboundAuthoritiesFile: readOutboundAuthorities(read.on("Proxies")),
    database: readDatabaseConfig(read.on("Database")),
    databaseConnections: readDatabaseConnections(read.on("Database")),
    inspectorPort: readInspectorPort(read.on("The process")),
    logLevel: readLogLevel(read.on("The process")),
    changedBy: readChangedBy(read.on("The process")),
    tracing: readTracing(read.on("Traces")),
  };
}

function examineFiles(read: EnvReader, config: TokenServerConfig): void {
  const { loginsFile, policyFile, directoryFile, gatewayTrustFile } = config;
  examineKeys(read, config.keys);
  if (policyFile !== null)
    examineFile(read, "POLICY_FILE", policyFile, (text) => loadPolicy(policyFile, text));
  if (directoryFile !== null)
    examineFile(read, "DIRECTORY_FILE", directoryFile, (text) =>
      parseDirectoryFile(directoryFile, text),
    );
  if (gatewayTrustFile !== null)
    examineFile(read, "GATEWAY_TRUST_FILE", gatewayTrustFile, (text) =>
      certificatesIn(text, gatewayTrustFile),
    );
  const logins =
    loginsFile === null
      ? readLogins(null)
      : examineFile(read, "LOGINS_FILE", loginsFile, (text) => parseLogins(loginsFile, text));
  if (logins !== null) requireWayIn(read, config, logins);
}

function readTokens(read: EnvReader) {
  const tokenLifetimeSeconds = read.integer(
    "TOKEN_TTL_SECONDS",
    900,
    // Clients take anything below 60 s for 60 s and would go on with an expired token.
    { min: 60, max: 86_400 },
    "lifetime of a token",
  );
  const use = { owner: "token-server", retainSeconds: tokenLifetimeSeconds + LEEWAY_SECONDS };
  return {
    ...readClientTokenNames(read),
    gatewayUrl: readGatewayUrl(read),
    tokenLifetimeSeconds,
    gatewayTrustFile: read.optionalText("GATEWAY_TRUST_FILE", {
      meaning:
        "the authorities of the gateways' keys (`trust/gateway.pem`, followed): what gateways sign of their callers, " +
        "address and request id, is believed, and nothing else (docs/keys.md)",
      wanted: "PEM file",
    }),
    keys: readKeyRingConfig(read, use),
  };
}

function readGatewayUrl(read: EnvReader): string | null {
  const url = read.optionalUrl("GATEWAY_URL", {
    meaning:
      "where the token server asks the gateway of `TOKEN_SERVICE`, for searches over all registries (docs/registries.md)",
    absent: "such searches name that registry as one that is not asked",
  });
  return url === null ? null : url.replace(/\/+$/, "");
}

function readLoginVariables(read: EnvReader) {
  return {
    authentication: readAuthentication(read),
    tokeninfoUrl: read.optionalUrl(
      "HTTP_TOKENINFO_URL",
      "OAuth token information (docs/logins/oauth2.md). Without any login and without public read the token server " +
        "does not start",
    ),
    teamServiceUrl: read.optionalUrl(
      "HTTP_TEAM_SERVICE_URL",
      {
        meaning: "team service, asked `GET /api/accounts/aws?member=<uid>`",
        absent: "only teams of `LOGINS_FILE`",
      },
      "path",
    ),
    iidinfoUrl: read.optionalUrl(
      "HTTP_IIDINFO_URL",
      "service that knows machines by their instance identity documents (docs/logins/machines.md)",
    ),
    loginsFile: read.optionalText("LOGINS_FILE", {
      meaning: "further logins and static teams (docs/logins/README.md); followed while it changes",
      wanted: "YAML file",
    }),
    outageSeconds: read.integer(
      "LOGIN_OUTAGE_SECONDS",
      3_600,
      { min: 0, max: 86_400 },
      "how long a login that was verified goes on while token service, machine service, directory or issuer do not " +
        "decide; 0: not at all. Never after a verdict",
    ),
  };
}

function readRights(read: EnvReader) {
  return {
    allowPublicRead: read.flag(
      "HTTP_ALLOW_PUBLIC_READ",
      false,
      "pulls without login (docs/logins/anonymous.md)",
    ),
    policyFile: read.optionalText("POLICY_FILE", {
      meaning: "the access policy (docs/policy.md); followed while it changes",
      wanted: "YAML file",
      absent: "built-in rules",
    }),
    directoryFile: read.optionalText("DIRECTORY_FILE", {
      meaning:
        "users, teams, applications, services and privileges that rules go by (docs/opensvc.md); followed while it changes",
      wanted: "YAML file",
      absent: "what the REST API was told",
    }),
    adminTeams: read.list(
      "ADMIN_TEAMS",
      [],
      "teams whose members administer: robots of all teams, explain for others, and what else the REST API has for them",
    ),
    robotMaxDays: read.integer(
      "ROBOT_MAX_DAYS",
      365,
      { min: 1, max: 3650 },
      "longest life of a robot (docs/logins/robots.md)",
    ),
  };
}
