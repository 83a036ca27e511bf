import type { CheckpointInterval } from "#audit-log/checkpointer.js";
import type { ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/pool.js";
import type { ConnectionLimits } from "#service-kit/http/connection-count.js";
import { readConnectionLimits } from "#service-kit/http/listener-config.js";
import { readInspectorPort, type InspectorPort } from "#service-kit/inspector.js";
import { LOG_LEVELS, type LogLevel } from "#service-kit/log.js";
import { readCertifiedKeyRingConfig } from "#service-kit/signing/key-config.js";
import type { KeyRingConfig } from "#service-kit/signing/key-ring.js";
import type { DiscoverySettings } from "../discovery/settings.js";
import { readManifestBounds } from "./manifest-bounds.js";
import { readNotificationConfig, type NotificationConfig } from "../notifications/config.js";
import { readSinksConfig, type SinksConfig } from "../sinks/config.js";

/** Longest life of a token that the gateway signs for the registry, with leeway. */
const UPSTREAM_TOKEN_SECONDS = 600;

/** Everything the gateway can be told, read once at start. */
export interface GatewayConfig {
  readonly host: string;
  readonly port: number;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly logLevel: LogLevel;
  readonly inspectorPort: InspectorPort;
  readonly drainSeconds: number;
  readonly idleSeconds: number;
  /** Origin that clients use; `null` takes what each client used. */
  readonly publicUrl: string | null;
  /** Peers whose `X-Forwarded-*` headers count. */
  readonly trustedProxies: readonly string[];
  readonly connections: ConnectionLimits;
  /** How far the token server's clock may be off. */
  readonly tokenLeewaySeconds: number;
  /** How long the token server's keys count while it cannot be asked, in seconds. */
  readonly tokenKeysMaxAgeSeconds: number;
  /** Manifests that are pushed at once. */
  readonly manifestsAtOnce: number;
  /** How long one upload may take at most. */
  readonly uploadCapSeconds: number;
  readonly registryUrl: string;
  readonly tokenServerUrl: string;
  /** Audience and issuer of the tokens that clients show. */
  readonly service: string;
  readonly issuer: string;
  /** Audience and issuer of the tokens that the gateway shows the registry. */
  readonly upstreamService: string;
  readonly upstreamIssuer: string;
  readonly keys: KeyRingConfig;
  readonly database: DatabaseConfig;
  readonly databaseConnections: number;
  readonly notifications: NotificationConfig;
  /** Rules for tags; `null`: Pier One's. */
  readonly tagPolicyFile: string | null;
  /** How much a manifest may name. */
  readonly manifestBounds: ManifestBounds;
  /** Whether tags and manifests can be deleted at all. */
  readonly allowDelete: boolean;
  readonly discovery: DiscoverySettings;
  /** Whether layers are searched for `scm-source.json`. */
  readonly searchLayers: boolean;
  /** Days after which who pulled is forgotten. */
  readonly pullRecordDays: number;
  /** Hours after which an event that cannot be delivered is given up, and days for which events are kept. */
  readonly outbox: { readonly retryHours: number; readonly keepDays: number };
  /** When the audit log's state is signed. */
  readonly checkpoints: CheckpointInterval;
  /** Where events go. */
  readonly events: SinksConfig;
}

/**
 * @param env - environment variables
 * @returns the frozen configuration
 * @throws ConfigError that names every faulty variable
 */
export function readConfig(env: NodeJS.ProcessEnv): GatewayConfig {
  const read = envReader(env);
  const publicUrl = read.optionalUrl("PUBLIC_URL");
  const trustedProxies = read.addressList("TRUSTED_PROXIES");
  const config: GatewayConfig = {
    host: read.text("HOST", "0.0.0.0"),
    port: read.port("PORT", 8080),
    metricsHost: read.text("METRICS_HOST", read.text("HOST", "0.0.0.0")),
    metricsPort: read.port("METRICS_PORT", 9090),
    inspectorPort: readInspectorPort(read),
    logLevel: read.oneOf("LOG_LEVEL", "info", LOG_LEVELS),
    drainSeconds: read.integer("DRAIN_SECONDS", 30, { min: 0, max: 900 }),
    idleSeconds: read.integer("IDLE_SECONDS", 900, { min: 10, max: 86_400 }),
    publicUrl,
    trustedProxies,
    connections: readConnectionLimits(read, trustedProxies),
    tokenLeewaySeconds: read.integer("TOKEN_LEEWAY_SECONDS", 60, { min: 0, max: 300 }),
    tokenKeysMaxAgeSeconds: read.integer("TOKEN_KEYS_MAX_AGE_SECONDS", 3_600, {
      min: 60,
      max: 7 * 86_400,
    }),
    manifestsAtOnce: read.integer("MANIFESTS_AT_ONCE", 64, { min: 4, max: 10_000 }),
    uploadCapSeconds: read.integer("UPLOAD_CAP_SECONDS", 86_400, { min: 60, max: 7 * 86_400 }),
    registryUrl: read.url("REGISTRY_URL", "http://127.0.0.1:5000"),
    tokenServerUrl: read.url("TOKEN_SERVER_URL", "http://127.0.0.1:8081"),
    service: read.text("TOKEN_SERVICE", "wharfinger"),
    issuer: read.text("TOKEN_ISSUER", "wharfinger"),
    upstreamService: read.text("UPSTREAM_SERVICE", "wharfinger-upstream"),
    upstreamIssuer: read.text("UPSTREAM_ISSUER", "wharfinger-gateway"),
    keys: readCertifiedKeyRingConfig(read, {
      owner: "gateway",
      retainSeconds: UPSTREAM_TOKEN_SECONDS,
    }),
    database: readDatabaseConfig(read),
    databaseConnections: read.integer("DB_CONNECTIONS", 10, { min: 2, max: 200 }),
    notifications: readNotificationConfig(read),
    tagPolicyFile: read.optionalText("TAG_POLICY_FILE"),
    manifestBounds: readManifestBounds(read),
    allowDelete: read.flag("ALLOW_DELETE", false),
    searchLayers: read.flag("SCM_LAYER_SEARCH", true),
    discovery: {
      seconds: read.integer("DISCOVERY_SECONDS", 120, { min: 0, max: 86_400 }),
      sightings: read.integer("DISCOVERY_SIGHTINGS", 3, { min: 1, max: 1_000 }),
      repair: read.flag("DISCOVERY_REPAIR", false),
      slice: read.integer("DISCOVERY_SLICE", 2_000, { min: 1, max: 10_000_000 }),
      perSecond: read.integer("DISCOVERY_RATE", 200, { min: 1, max: 100_000 }),
    },
    pullRecordDays: read.integer("PULL_RECORD_DAYS", 90, { min: 1, max: 36_500 }),
    outbox: {
      retryHours: read.integer("EVENT_RETRY_HOURS", 72, { min: 1, max: 720 }),
      keepDays: read.integer("EVENT_KEEP_DAYS", 30, { min: 1, max: 3_650 }),
    },
    checkpoints: {
      entries: read.integer("AUDIT_CHECKPOINT_ENTRIES", 1_000, { min: 1, max: 1_000_000 }),
      seconds: read.integer("AUDIT_CHECKPOINT_SECONDS", 60, { min: 1, max: 86_400 }),
    },
    events: readSinksConfig(read, publicUrl),
  };
  if (config.service === config.upstreamService)
    read.fault(
      "UPSTREAM_SERVICE",
      "same as TOKEN_SERVICE: clients' tokens would open the registry",
    );
  read.throwIfFaulty();
  return Object.freeze(config);
}
