import type { DataFolder } from "./data-folder.js";
import { nodeServiceSpec } from "./node-services.js";
import type { ServiceSpec } from "./service.js";

/** Environment by which the services find the database. */
export type DatabaseEnvironment = Readonly<Record<string, string>>;

/** What the token server and the gateway have in common. */
interface Shared {
  folder: DataFolder;
  port: number;
  metricsPort: number;
  database: DatabaseEnvironment;
}

const DRAIN_SECONDS = 5;
const OUTSIDE_DATABASE = ["DB_SUBNAME", "DB_USER", "DB_PASSWORD", "DB_PASSWORD_FILE", "PGSSLMODE"];
const TOKEN_SERVER_OPTIONS = [
  "TOKEN_SERVICE",
  "TOKEN_TTL_SECONDS",
  "HTTP_ALLOW_PUBLIC_READ",
  "LOGINS_FILE",
  "POLICY_FILE",
  "ADMIN_TEAMS",
  "REFRESH_TOKEN_TTL_SECONDS",
  "REFRESH_TOKEN_CLIENTS",
  "LOGIN_FAILURES_PER_SOURCE",
  "LOGIN_FAILURES_PER_ACCOUNT",
  "LOGIN_FAILURE_SECONDS",
];
const GATEWAY_OPTIONS = [
  "TOKEN_SERVICE",
  "PUBLIC_URL",
  "TRUSTED_PROXIES",
  "TOKEN_LEEWAY_SECONDS",
  "UPLOAD_CAP_SECONDS",
  "AUDIT_CHECKPOINT_ENTRIES",
  "AUDIT_CHECKPOINT_SECONDS",
  "TAG_POLICY_FILE",
  "ALLOW_DELETE",
  "DISCOVERY_SECONDS",
  "DISCOVERY_SIGHTINGS",
  "DISCOVERY_REPAIR",
  "DISCOVERY_SLICE",
  "DISCOVERY_RATE",
];

/**
 * @param options - its port and the file with those it knows
 * @returns the stand-in for the company's OAuth and team services
 */
export function identityProviderSpec(options: {
  folder: DataFolder;
  port: number;
  identitiesFile: string;
}): ServiceSpec {
  return nodeServiceSpec({
    name: "identity-provider",
    program: "deploy/local/identity-provider.js",
    port: options.port,
    readyPath: "/health",
    logs: options.folder.logs,
    env: { IDENTITIES_FILE: options.identitiesFile },
    handOn: [],
    stopWithinMs: 1_000,
  });
}

/**
 * @param options - what the token server is told
 * @returns the token server as a part of the stack
 */
export function tokenServerSpec(options: Shared & { identityProvider: string }): ServiceSpec {
  const { identityProvider } = options;
  return nodeServiceSpec({
    name: "token-server",
    program: "token-server/src/main.js",
    port: options.port,
    readyPath: "/ready",
    logs: options.folder.logs,
    env: {
      ...sharedEnvironment(options),
      HTTP_TOKENINFO_URL: `${identityProvider}/oauth2/tokeninfo`,
      HTTP_TEAM_SERVICE_URL: `${identityProvider}/teams-service`,
      HTTP_IIDINFO_URL: `${identityProvider}/iidinfo`,
    },
    handOn: [...OUTSIDE_DATABASE, ...TOKEN_SERVER_OPTIONS],
    stopWithinMs: 1_500,
  });
}

/**
 * @param options - what the gateway is told
 * @returns the gateway as a part of the stack
 */
export function gatewaySpec(
  options: Shared & { registry: string; tokenServer: string; notificationSecretFile: string },
): ServiceSpec {
  return nodeServiceSpec({
    name: "gateway",
    program: "gateway/src/main.js",
    port: options.port,
    readyPath: "/ready",
    logs: options.folder.logs,
    env: {
      ...sharedEnvironment(options),
      REGISTRY_URL: options.registry,
      TOKEN_SERVER_URL: options.tokenServer,
      NOTIFICATION_SECRET_FILE: options.notificationSecretFile,
      DRAIN_SECONDS: String(DRAIN_SECONDS),
    },
    handOn: [...OUTSIDE_DATABASE, ...GATEWAY_OPTIONS],
    stopWithinMs: DRAIN_SECONDS * 1_000 + 300,
  });
}

function sharedEnvironment({ folder, metricsPort, database }: Shared): Record<string, string> {
  return { METRICS_PORT: String(metricsPort), KEYS_DIR: folder.keys, ...database };
}
