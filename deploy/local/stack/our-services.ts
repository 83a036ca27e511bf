import type { DataFolder } from "../data-folder.js";
import type { LocalKeys } from "./keys.js";
import { MESSAGE_CREDENTIALS, topicArn } from "../stand-ins/messages.js";
import { nodeServiceSpec } from "./node-services.js";
import type { ServiceSpec } from "../processes/service.js";
import type { LocalSettings } from "../settings.js";
import { isUpOrDoubts } from "./storage-doubt.js";
import type { StackTls } from "./tls.js";

/** Environment by which the services find the database. */
export type DatabaseEnvironment = Readonly<Record<string, string>>;

/** That of each service. */
export interface DatabaseEnvironments {
  readonly gateway: DatabaseEnvironment;
  readonly tokenServer: DatabaseEnvironment;
}

/** What the token server and the gateway have in common. */
interface Shared {
  folder: DataFolder;
  keys: LocalKeys;
  port: number;
  metricsPort: number;
  database: DatabaseEnvironment;
}

const DRAIN_SECONDS = 5;

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
    program: "deploy/local/stand-ins/identity-provider.js",
    port: options.port,
    readyPath: "/health",
    logs: options.folder.logs,
    env: { IDENTITIES_FILE: options.identitiesFile },
    stopWithinMs: 1_000,
  });
}

/**
 * @param options - its port
 * @returns the stand-in for SNS and SQS
 */
export function messageServiceSpec(options: { folder: DataFolder; port: number }): ServiceSpec {
  return nodeServiceSpec({
    name: "sns",
    program: "deploy/local/stand-ins/message-service.js",
    port: options.port,
    readyPath: "/ready",
    logs: options.folder.logs,
    env: {},
    stopWithinMs: 1_000,
  });
}

/**
 * @param settings - what the person who starts the stack chose
 * @param addresses - of the gateway, and of the stand-in for SNS when it is part of the stack
 * @returns what the gateway is told about events
 */
export function eventEnvironment(
  settings: LocalSettings,
  addresses: { gateway: string; sns?: string },
): Record<string, string> {
  const { accessKeyId, secretAccessKey } = MESSAGE_CREDENTIALS;
  return {
    ...(settings.hasRegistryName ? {} : { API_REPOSITORY: new URL(addresses.gateway).host }),
    ...(addresses.sns === undefined
      ? {}
      : { API_SNS_TOPIC_ARN: topicArn(), API_SNS_REGION: "", API_SNS_ENDPOINT: addresses.sns }),
    ...(addresses.sns === undefined || settings.hasAwsCredentials
      ? {}
      : { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }),
  };
}

const GATEWAY_SETTINGS = ["PUBLIC_URL", "SINKS_FILE", "TAG_POLICY_FILE", "HTTP_AUDIT_LOGS_URL"];

/**
 * @param events - what the gateway is told about events
 * @returns what commands that work beside it have to know, and nothing secret
 */
export function settingsForCommands(
  events: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = [...GATEWAY_SETTINGS, "API_REPOSITORY", "API_SNS_TOPIC_ARN", "API_SNS_ENDPOINT"];
  const known: Readonly<Record<string, string | undefined>> = { ...process.env, ...events };
  return Object.fromEntries(
    names.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]]])),
  );
}

/** Names of token servers, of which a stack has the first or both. */
export const TOKEN_SERVERS = ["token-server", "token-server-2"] as const;

/**
 * @param options - what the token server is told
 * @returns the token server as a part of the stack
 */
export function tokenServerSpec(
  options: Shared & { name: (typeof TOKEN_SERVERS)[number]; identityProvider: string },
): ServiceSpec {
  const { identityProvider } = options;
  return nodeServiceSpec({
    name: options.name,
    program: "token-server/src/main.js",
    port: options.port,
    readyPath: "/ready",
    logs: options.folder.logs,
    env: {
      ...sharedEnvironment(options),
      HTTP_TOKENINFO_URL: `${identityProvider}/oauth2/tokeninfo`,
      HTTP_TEAM_SERVICE_URL: `${identityProvider}/teams-service`,
      HTTP_IIDINFO_URL: `${identityProvider}/iidinfo`,
      GATEWAY_TRUST_FILE: options.keys.gatewayBundle,
      // Gateways alone ask it, on this machine; what is set is meant for them.
      TLS_CERTIFICATE_FILE: "",
      TLS_KEY_FILE: "",
      DRAIN_SECONDS: "1",
    },
    stopWithinMs: 1_500,
  });
}

/**
 * @param options - what the gateway is told
 * @returns the gateway as a part of the stack
 */
export function gatewaySpec(
  options: Shared & {
    registry: string;
    tls: StackTls;
    tokenServer: string;
    notificationPort: number;
    notificationSecretFile: string;
    /** What it is told about events. */
    events: Readonly<Record<string, string>>;
  },
): ServiceSpec {
  const spec = nodeServiceSpec({
    name: "gateway",
    program: "gateway/src/main.js",
    port: options.port,
    readyPath: "/ready",
    logs: options.folder.logs,
    env: {
      ...sharedEnvironment(options),
      ...options.events,
      ...options.tls.environment,
      REGISTRY_URL: options.registry,
      TOKEN_SERVER_URL: options.tokenServer,
      NOTIFICATION_HOST: "127.0.0.1",
      NOTIFICATION_PORT: String(options.notificationPort),
      NOTIFICATION_SECRET: "",
      NOTIFICATION_SECRET_FILE: options.notificationSecretFile,
    },
    stopWithinMs: DRAIN_SECONDS * 1_000 + 300,
  });
  return { ...spec, isReady: isUpOrDoubts(`${options.tls.scheme}://127.0.0.1:${options.port}`) };
}

function sharedEnvironment({ keys, metricsPort, database }: Shared): Record<string, string> {
  return {
    METRICS_PORT: String(metricsPort),
    KEYS_DIR: keys.directory,
    // Nobody balances between parts of a stack.
    SHUTDOWN_DELAY_SECONDS: "0",
    DRAIN_SECONDS: String(DRAIN_SECONDS),
    ...database,
  };
}
