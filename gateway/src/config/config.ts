import { TAG_REFUSAL_CODES, type TagRefusalCode } from "#registry-protocol/fault-catalogue.js";
import type { ManifestBounds } from "#registry-protocol/manifest/bounds.js";
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
import type { ListeningPlace } from "#service-kit/listening-places.js";
import { readApiRequests } from "#service-kit/http/request-limit.js";
import { readProxies, type Proxies } from "#service-kit/http/proxies.js";
import { readInspectorPort, type InspectorPort } from "#service-kit/inspector.js";
import { readLogLevel, type LogLevel } from "#service-kit/log.js";
import { readTracing, type TracingConfig } from "#service-kit/tracing/config.js";
import { examineKeys } from "#service-kit/signing/examine-keys.js";
import { readCertifiedKeyRingConfig } from "#service-kit/signing/key-config.js";
import type { KeyRingConfig } from "#service-kit/signing/key-ring.js";
import { readClientTokenNames } from "#service-kit/signing/token-names.js";
import { readOutboundAuthorities } from "#service-kit/tls/outbound-authorities.js";
import type { DiscoverySettings } from "../discovery/settings.js";
import type { Bounds } from "../ledger/bounds.js";
import { readCorsOrigins } from "./cors-origins.js";
import { readManifestBounds } from "./manifest-bounds.js";
import { readProcesses } from "./processes.js";
import { readTls, type TlsSettings } from "./tls-settings.js";
import { readTokenServerUrls, type TokenServerUrls } from "./token-server-urls.js";
import {
  readDiscoverySettings,
  readRecordSettings,
  type RecordSettings,
} from "./record-settings.js";
import { readSessionLimits } from "./session-settings.js";
import { readRegistry } from "./registry-settings.js";
import { loadTagPolicy } from "./tag-policy-file.js";
import type { SessionLimits } from "../sessions/sql.js";
import { readNotificationConfig, type NotificationConfig } from "../notifications/config.js";
import { readSinksConfig, type SinksConfig } from "../sinks/config.js";

/** Longest life of a token that the gateway signs for the registry, with leeway. */
const UPSTREAM_TOKEN_SECONDS = 600;

/** Everything the gateway can be told, read once at start. */
export interface GatewayConfig extends ListenerConfig, RecordSettings {
  readonly logLevel: LogLevel;
  readonly inspectorPort: InspectorPort;
  /** Where traces go; `null`: nowhere. */
  readonly tracing: TracingConfig | null;
  readonly idleSeconds: number;
  /** Origin that clients use; `null` takes what each client used. */
  readonly publicUrl: string | null;
  readonly tls: TlsSettings;
  /** How long logins on the web page last. */
  readonly sessions: SessionLimits;
  /** Origins whose pages may read answers; `*`: all. */
  readonly corsOrigins: readonly string[];
  /** How far the token server's clock may be off. */
  readonly tokenLeewaySeconds: number;
  /** How long the token server's keys count while it cannot be asked, in seconds. */
  readonly tokenKeysMaxAgeSeconds: number;
  /** Manifests that are pushed at once. */
  readonly manifestsAtOnce: number;
  /** Requests to the REST API that one caller may make in a minute. */
  readonly apiRequestsPerMinute: number;
  /** Most that manifests for readers take in memory. */
  readonly manifestMemoryBytes: number;
  /** How long one upload may take at most. */
  readonly uploadCapSeconds: number;
  readonly registryUrl: string;
  /** URLs of its processes; none: every address that its name has. */
  readonly registryProcesses: readonly string[];
  /** How often its storage takes a step at most. */
  readonly storageStepSeconds: number;
  /** How long what nobody knows may stay so. */
  readonly bounds: Bounds;
  /** Where the token server is, and others that do the same. */
  readonly tokenServerUrls: TokenServerUrls;
  /** Audience and issuer of the tokens that clients show. */
  readonly service: string;
  readonly issuer: string;
  /** Audience and issuer of the tokens that the gateway shows the registry. */
  readonly upstreamService: string;
  readonly upstreamIssuer: string;
  readonly keys: KeyRingConfig;
  readonly database: DatabaseConfig;
  readonly databaseConnections: number;
  /** How many share the ports. */
  readonly processes: number;
  readonly notifications: NotificationConfig;
  /** Rules for tags; `null`: Pier One's. */
  readonly tagPolicyFile: string | null;
  /** Error code of a push that the rules for tags refuse. */
  readonly tagRefusalCode: TagRefusalCode;
  /** How much a manifest may name. */
  readonly manifestBounds: ManifestBounds;
  /** Whether a virtual latest is shown in lists of tags. */
  readonly listLatest: boolean;
  /** Whether tags and manifests can be deleted at all. */
  readonly allowDelete: boolean;
  readonly discovery: DiscoverySettings;
  /** Whether layers are searched for `scm-source.json`. */
  readonly searchLayers: boolean;
  /** By which sinks are asked that are elsewhere; registry and token server never are. */
  readonly proxies: Proxies;
  /** PEM file with authorities that are trusted beside those that Node knows; `null`: none. */
  readonly outboundAuthoritiesFile: string | null;
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
  const config = readVariables(read);
  refuseSamePorts(read, listeningPlaces(config));
  const { tagPolicyFile } = config;
  examineKeys(read, config.keys);
  if (tagPolicyFile !== null)
    examineFile(read, "TAG_POLICY_FILE", tagPolicyFile, (text) =>
      loadTagPolicy(tagPolicyFile, text),
    );
  read.throwIfFaulty();
  return Object.freeze(config);
}

/**
 * @param config - where to listen
 * @returns the same, with the variables that say so
 */
export function listeningPlaces(
  config: Pick<
    GatewayConfig,
    "host" | "port" | "metricsHost" | "metricsPort" | "notifications" | "tls"
  >,
): readonly ListeningPlace[] {
  const { host, port } = config.notifications;
  const { redirectPort } = config.tls;
  const variables = { host: "NOTIFICATION_HOST", port: "NOTIFICATION_PORT" };
  const redirecting = { host: "HOST", port: "HTTP_REDIRECT_PORT" };
  return [
    ...usualPlaces(config),
    { variables, host, port },
    ...(redirectPort === null
      ? []
      : [{ variables: redirecting, host: config.host, port: redirectPort }]),
  ];
}

/**
 * @param read - reader that collects faults
 * @returns the configuration
 */
export function readVariables(read: EnvReader): GatewayConfig {
  const names = readClientTokenNames(read.on("Keys and tokens"));
  const registry = readRegistry(read.on("The registry behind it"));
  if (names.service === registry.upstreamService)
    read.fault(
      "UPSTREAM_SERVICE",
      "same as TOKEN_SERVICE: clients' tokens would open the registry",
    );
  const listener = readListener(read.on("Listening"));
  const use = { owner: "gateway", retainSeconds: UPSTREAM_TOKEN_SECONDS };
  return {
    ...names,
    ...registry,
    ...listener,
    tls: readTls(read.on("Listening"), listener.publicUrl),
    ...readTokenServer(read.on("Keys and tokens")),
    keys: readCertifiedKeyRingConfig(read.on("Keys and tokens"), use),
    ...readTags(read.on("Tags and images")),
    ...readRequests(read.on("Requests and manifests")),
    sessions: readSessionLimits(read.on("Requests and manifests")),
    notifications: readNotificationConfig(read.on("Notifications of the registry")),
    discovery: readDiscoverySettings(read.on("Discovery")),
    events: readSinksConfig(read.on("Events"), listener.publicUrl),
    ...readRecordSettings(read.on("What is kept")),
    proxies: readProxies(read.on("Proxies")),
    outboundAuthoritiesFile: readOutboundAuthorities(read.on("Proxies")),
    database: readDatabaseConfig(read.on("Database")),
    databaseConnections: readDatabaseConnections(read.on("Database")),
    processes: readProcesses(read.on("The process")),
    inspectorPort: readInspectorPort(read.on("The process")),
    logLevel: readLogLevel(read.on("The process")),
    tracing: readTracing(read.on("Traces")),
  };
}

function readListener(read: EnvReader) {
  const publicUrl = read.optionalUrl(
    "PUBLIC_URL",
    {
      meaning: "origin in the login challenge, for example `https://registry.example.org`",
      absent: "what the client used",
    },
    "origin",
  );
  const listener = readListenerConfig(read, { host: "0.0.0.0", port: 8080, metricsPort: 9090 });
  return {
    ...listener,
    publicUrl,
    corsOrigins: readCorsOrigins(read),
    idleSeconds: read.integer(
      "IDLE_SECONDS",
      900,
      { min: 10, max: 86_400 },
      "silence on a connection after which it is closed",
    ),
  };
}

function readRequests(read: EnvReader) {
  return {
    manifestsAtOnce: read.integer(
      "MANIFESTS_AT_ONCE",
      64,
      { min: 4, max: 10_000 },
      "manifests that are pushed at once, each 4 MiB of memory at most, and a quarter of them by one caller; others " +
        "wait for 30 s and are then answered 503 or 429 (docs/limits.md)",
    ),
    apiRequestsPerMinute: readApiRequests(read),
    manifestMemoryBytes:
      1024 ** 2 *
      read.integer(
        "MANIFEST_MEMORY_MIB",
        64,
        { min: 1, max: 65_536 },
        "mebibytes of memory for manifests that are read often; the database has them all (docs/ledger.md)",
      ),
    uploadCapSeconds: read.integer(
      "UPLOAD_CAP_SECONDS",
      86_400,
      { min: 60, max: 7 * 86_400 },
      "how long one upload may take; until then it goes on for whoever started it, also after its token has ended",
    ),
    manifestBounds: readManifestBounds(read),
  };
}

function readTags(read: EnvReader) {
  return {
    tagPolicyFile: read.optionalText("TAG_POLICY_FILE", {
      meaning:
        "which tags are immutable, mutable or forbidden (docs/tags.md); followed while it changes",
      wanted: "YAML file",
      absent: "built-in rules",
    }),
    tagRefusalCode: read.oneOf("TAG_REFUSAL_CODE", TAG_REFUSAL_CODES[0], TAG_REFUSAL_CODES, {
      meaning:
        "error code of a push that the rules for tags refuse; with `TAG_INVALID`, which is Pier One's, podman, skopeo and " +
        "buildah push the image in two to four formats before they give up (docs/errors.md)",
    }),
    allowDelete: read.flag(
      "ALLOW_DELETE",
      false,
      "`true` lets callers delete to whom the access policy grants `delete`, and where the rules for tags say so",
    ),
    listLatest: read.flag(
      "LIST_LATEST",
      false,
      "`true` shows `latest` in lists of tags where it is virtual and there is any tag (docs/tags.md)",
    ),
    searchLayers: read.flag(
      "SCM_LAYER_SEARCH",
      true,
      "whether layers are searched for `scm-source.json` (docs/scm-source.md)",
    ),
  };
}

function readTokenServer(read: EnvReader) {
  return {
    tokenServerUrls: readTokenServerUrls(read),
    tokenLeewaySeconds: read.integer(
      "TOKEN_LEEWAY_SECONDS",
      60,
      { min: 0, max: 300 },
      "how far the token server's clock may be off",
    ),
    tokenKeysMaxAgeSeconds: read.integer(
      "TOKEN_KEYS_MAX_AGE_SECONDS",
      3_600,
      { min: 60, max: 7 * 86_400 },
      "how long the token server's keys count while it cannot be asked; after that nothing is decided (503)",
    ),
  };
}
