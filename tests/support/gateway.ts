import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import type { PageIssuer } from "#gateway/oidc/issuers.js";
import type { SessionLimits } from "#gateway/sessions/sql.js";
import { NO_PROXIES } from "#service-kit/http/proxies.js";
import type { AddressInfo } from "node:net";
import { recordAudit, type RecordAudit } from "#audit-log/record-audit.js";
import { openTally } from "#audit-log/tally.js";
import type { Sink } from "#gateway/events/sink.js";
import type { StreamLimits } from "#gateway/live/live-streams.js";
import { BOUNDS, type Bounds } from "#gateway/ledger/bounds.js";
import { countingGrowth } from "#gateway/ledger/growth-metrics.js";
import { settleRefusals } from "#gateway/ledger/record-refusal.js";
import { recoverManifestPushes } from "#gateway/ledger/recover-manifests.js";
import { recoverTag } from "#gateway/ledger/recover.js";
import { withTagGrounds } from "#gateway/ledger/with-tag-grounds.js";
import type { RememberedTags } from "#gateway/ledger/remembered-tags.js";
import { withheldTagsReader } from "#gateway/ledger/withheld-tags.js";
import { NORMAL } from "#gateway/mode/mode.js";
import { writeGate, type WriteGate } from "#gateway/mode/write-gate.js";
import { NOTIFICATION_CONNECTIONS } from "#gateway/notifications/config.js";
import type { ManifestTurns } from "#gateway/proxy/manifest-turns.js";
import { tokenRoute, tokenServerRoutes } from "#gateway/routes/token-server-routes.js";
import { forwarder, type Forward, type UpstreamTarget } from "#gateway/upstream/forward.js";
import { loginExchange } from "#gateway/upstream/exchange-login.js";
import type { MadeRequest } from "#gateway/upstream/made-request.js";
import { registryListing } from "#service-kit/http/registry-listing.js";
import type { UpstreamAuthorization } from "#gateway/upstream/upstream-token.js";
import { registryUpstream, type UpstreamPatience } from "#gateway/upstream/upstream.js";
import { openCallers } from "#gateway/wiring/callers.js";
import { openCatalog } from "#gateway/wiring/catalog.js";
import { openDeletion } from "#gateway/wiring/deletion.js";
import { gatewayMetrics } from "#gateway/wiring/gateway-metrics.js";
import { openLedger } from "#gateway/wiring/ledger.js";
import { openLive } from "#gateway/wiring/live.js";
import { openHooks } from "#gateway/wiring/notifications.js";
import { openProbes } from "#gateway/wiring/probes.js";
import { crossOrigin } from "#gateway/routes/cross-origin.js";
import { openPublicRoutes } from "#gateway/wiring/public-routes.js";
import { openPierOne } from "#gateway/wiring/pier-one.js";
import { openPulls } from "#gateway/wiring/pulls.js";
import { openRegistryApi } from "#gateway/wiring/registry-api.js";
import { openRestApi } from "#gateway/wiring/rest-api.js";
import type { ForwardingRegistry } from "#gateway/wiring/registry.js";
import { tokenServerTarget } from "#gateway/wiring/token-server.js";
import { openSources } from "#gateway/wiring/sources.js";
import type { TagRefusalCode } from "#registry-protocol/fault-catalogue.js";
import { Fault } from "#registry-protocol/faults.js";
import { MANIFEST_BOUNDS, type ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import { formatScope } from "#registry-protocol/scope.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { clockWatch } from "#service-kit/clocks/clock-watch.js";
import { boundedDatabase } from "#service-kit/db/bounded.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { subscriber, type Subscriber } from "#service-kit/db/subscribe.js";
import type { ConnectionLimits } from "#service-kit/http/connection-count.js";
import { isProbe } from "#service-kit/http/probe.js";
import { httpListener } from "#service-kit/http/server.js";
import { Secret } from "#service-kit/secret.js";
import { CALLER_HEADER } from "#service-kit/signing/caller-statement.js";
import { refusedFiles } from "#service-kit/refused-files.js";
import { PIER_ONE_TAGS, type TagPolicy } from "#tag-policy/tag-policy.js";
import { bareListener } from "./bare-listener.js";
import { SILENT } from "./ledger.js";
import { TEST_SEALER } from "./test-sealer.js";
import { standingStorage } from "./standing-storage.js";
import { ISSUER, SERVICE } from "./token-authority.js";

export const NOTIFICATION_SECRET = "notification-secret";

/** What its clients' tokens have to say, and how long uploads may take. */
const TOKENS = {
  issuer: ISSUER,
  service: SERVICE,
  tokenLeewaySeconds: 60,
  tokenKeysMaxAgeSeconds: 3_600,
  uploadCapSeconds: 3_600,
};

/** Where the other parts are, and what is not the default. */
export interface TestGatewayOptions {
  readonly registryUrl: string;
  /** Split by commas where there are several. */
  readonly tokenServerUrl: string;
  /** Ledger; absent: the one where it hears, by a pool of its own, or one that is away. */
  readonly db?: Database;
  /** Where the gateway hears of settled pushes; absent: it hears nothing and looks every two seconds. */
  readonly hears?: DatabaseConfig;
  /** Absent: use keeps nothing. */
  readonly keepInUseDays?: number;
  /** Absent: nobody. */
  readonly inUseReporters?: readonly { readonly uid: string; readonly realm: string }[];
  /** Absent: as in production. */
  readonly patience?: UpstreamPatience;
  /** Absent: as in production. */
  readonly bounds?: Bounds;
  readonly authorization?: UpstreamAuthorization;
  /** Absent: Pier One's. */
  readonly policy?: TagPolicy;
  /** Absent: as in production. */
  readonly manifestBounds?: ManifestBounds;
  /** Of manifests kept in memory; absent: a mebibyte. */
  readonly manifestMemoryBytes?: number;
  /** Absent: as in production. */
  readonly tagRefusalCode?: TagRefusalCode;
  /** Of the public listener; absent: as in production. */
  readonly connections?: ConnectionLimits;
  /** Absent: as in production. */
  readonly manifestTurns?: ManifestTurns;
  /** Absent: off, as in production. */
  readonly allowDelete?: boolean;
  /** Absent: off, as in production. */
  readonly listLatest?: boolean;
  /** Absent: one that is open. */
  readonly writes?: WriteGate;
  /** Writes the audit log; absent: without telling anybody. */
  readonly audit?: RecordAudit;
  /** Connections that pushes may have at once; absent: four. */
  readonly pushConnections?: number;
  /** Who wants to know of pulls; absent: nobody. */
  readonly sinks?: readonly Sink[];
  /** What registries may show; absent: {@link NOTIFICATION_SECRET}. */
  readonly notificationSecrets?: readonly string[];
  /** Whose notifications are taken; absent: those of this machine. */
  readonly notificationsFrom?: readonly string[];
  /** Told when the registry reported something. */
  readonly notified?: () => void;
  /** What the gateway appends to user agents; absent: nothing. */
  readonly userAgentMark?: string;
  /** Clock of pulls, in milliseconds. */
  readonly now?: () => number;
  /** Whether it knows its registry's storage by the marker there; else any will do. */
  readonly watchesStorage?: boolean;
  /** Whether it listens without the bounds of our listeners. */
  readonly isBare?: boolean;
  /** Told of each request that it makes for a client, before it is sent. */
  readonly onMade?: (made: MadeRequest) => void;
  readonly publicUrl?: string;
  readonly trustedProxies?: readonly string[];
  /** Of the REST API, by one caller; absent: a million. */
  readonly apiRequestsPerMinute?: number;
  /** How long logins of its page last; absent: as in production. */
  readonly sessions?: SessionLimits;
  /** By whose pages one logs in on its page; absent: nobody's. */
  readonly pageIssuers?: readonly PageIssuer[];
  /** Whose pages may read; absent: nobody's. */
  readonly corsOrigins?: readonly string[];
  /** Of the public listener; absent: a minute. */
  readonly idleSeconds?: number;
  /** How many may follow events; absent: as in production. */
  readonly streams?: StreamLimits;
  /** For how many days events are said to be kept; absent: seven. */
  readonly eventKeepDays?: number;
}

/** A gateway in this process. */
export interface TestGateway {
  readonly url: string;
  readonly port: number;
  /** Where it takes the registry's notifications. */
  readonly hooks: { readonly url: string; readonly port: number };
  /** Settles what lost gateways left, as each gateway does every few seconds. */
  recover(key: TagKey): Promise<void>;
  /** Settles pushes by digest that lost gateways left, likewise. */
  recoverManifests(): Promise<void>;
  /** Puts refused pushes on record that were counted, likewise. */
  settleRefusals(): Promise<void>;
  /** What it remembers of tags. */
  readonly remembered: RememberedTags;
  /** Learns which tags the registry has otherwise, or still, as each gateway does every few seconds. */
  learnWithheld(): Promise<void>;
  /** Writes the pulls it saw, as each gateway does every few seconds. */
  flushPulls(): Promise<void>;
  /** Puts on record what is counted there. */
  flushTally(): Promise<void>;
  /** The registry, as its background work sees it. */
  readonly registry: ForwardingRegistry;
  /** @returns its metrics as Prometheus reads them */
  metrics(): Promise<string>;
  /** Tells its streams of events that it is about to end, as a signal does. */
  announceStop(): void;
  stop(): Promise<void>;
}

/**
 * @param options - where the other parts are
 * @returns a gateway, listening
 */
export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { policy = PIER_ONE_TAGS, publicUrl = null } = options;
  const log = SILENT;
  const metrics = gatewayMetrics();
  const { tokenServer, exchange, registry: unguarded } = openBehind(options);
  const heard = options.hears === undefined ? DEAF : subscriber(options.hears, SILENT);
  const own = options.db === undefined ? openOwn(options.hears, heard) : null;
  const db = options.db ?? own ?? DATABASE_AWAY;
  const pushDb = boundedDatabase(db, options.pushConnections ?? 4);
  const store = { db, pushDb, heard, hindrance: () => null };
  const events = { sinks: options.sinks ?? [], wake: () => undefined };
  const audit = countingGrowth(
    options.audit ?? withTagGrounds(recordAudit, policy),
    metrics.counts.growth,
  );
  const tally = openTally({ db, audit, log: SILENT, now: () => performance.now() });
  const mode = { writes: options.writes ?? openGate() };
  const watched = { store, log, metrics, audit, registry: unguarded, mode };
  const marked = options.watchesStorage === true ? (options.hears ?? null) : null;
  const standing = standingStorage(marked, watched);
  const { registry } = standing;
  const sources = openSources({ db, log, metrics, registry, withLayers: true });
  const memory = { manifestMemoryBytes: options.manifestMemoryBytes ?? 1024 ** 2 };
  const ledger = openLedger(memory, { store, log, metrics, audit, policy, registry, sources });
  const deletion = openDeletion(
    { keepInUseDays: options.keepInUseDays ?? 0 },
    { db, log, audit, policy, ledger, registry },
  );
  const pulls = openPulls(90, { db, audit, log, metrics, events, now: options.now ?? Date.now });
  const clocks = clockWatch("the gateway", [], { log, metrics, now: Date.now });
  const callers = openCallers(
    { ...TOKENS, tokenServerUrls: urlsOf(options), publicUrl },
    { db, log, clocks, introduce: () => ({}), exchange },
  );
  const turns = options.manifestTurns;
  const registryApi = openRegistryApi(
    {
      manifestsAtOnce: 64,
      manifestBounds: options.manifestBounds ?? MANIFEST_BOUNDS,
      tagRefusalCode: options.tagRefusalCode ?? "DENIED",
      allowDelete: options.allowDelete ?? false,
      listLatest: options.listLatest ?? false,
    },
    {
      ...{ db, log, metrics, callers, registry, ledger, sources, deletion, pulls, mode, policy },
      sealer: TEST_SEALER,
      ...(turns === undefined ? {} : { turns }),
    },
  );
  const { catalog } = openCatalog({ store, log });
  const idleSeconds = options.idleSeconds ?? 60;
  const live = openLive(
    { idleSeconds, outbox: { retryHours: 1, keepDays: options.eventKeepDays ?? 7 } },
    { db, log, metrics, ledger },
    options.streams,
  );
  const records = { tally };
  const told = {
    db,
    log,
    metrics,
    audit,
    records,
    policy,
    catalog,
    ledger,
    registry,
    callers,
    live,
  };
  const apiRequestsPerMinute = options.apiRequestsPerMinute ?? 1_000_000;
  const { reader } = sources;
  const sessions = options.sessions ?? { idleSeconds: 3_600, seconds: 43_200 };
  const files = refusedFiles(metrics.registry);
  const probes = openProbes({ store, standing, mode, clocks, callers, log, metrics, files });
  const restApi = openRestApi(
    {
      ...{ apiRequestsPerMinute, database: options.hears ?? NOWHERE, publicUrl, sessions },
      ...{ pullRecordDays: 90, inUseReporters: options.inUseReporters ?? [] },
      ...{ pageIssuers: options.pageIssuers ?? [], proxies: NO_PROXIES },
      pageFolder: join(REPOSITORY_ROOT, "web/dist"),
    },
    told,
    { sealer: TEST_SEALER, reader, readiness: probes.readiness },
  );
  const pierOne = openPierOne(told);
  const corsOrigins = options.corsOrigins ?? [];
  const routes = openPublicRoutes(
    { trustedProxies: options.trustedProxies ?? [], publicUrl, corsOrigins },
    { log, metrics, records },
    [registryApi, restApi, pierOne, tokenServer, probes],
  );
  const timing = { drainSeconds: 0, idleSeconds };
  const many = { inAll: 2_048, perSource: 512, isTrusted: () => false };
  const connections = options.connections ?? many;
  const listener =
    options.isBare === true
      ? bareListener(routes)
      : httpListener(
          {
            name: "public",
            host: "127.0.0.1",
            port: 0,
            ...timing,
            connections,
            isEssential: isProbe,
            mark: crossOrigin(corsOrigins).mark,
          },
          routes,
          { log: SILENT, metrics },
        );
  const secrets = options.notificationSecrets ?? [NOTIFICATION_SECRET];
  const hooks = openHooks(
    {
      secrets: secrets.map((secret) => new Secret(secret)) as [Secret, ...Secret[]],
      allowed: options.notificationsFrom ?? ["loopback"],
    },
    { db, log, metrics },
    options.notified ?? (() => undefined),
  );
  const hookListener = httpListener(
    {
      name: "notifications",
      host: "127.0.0.1",
      port: 0,
      ...timing,
      connections: NOTIFICATION_CONNECTIONS,
    },
    hooks,
    { log: SILENT, metrics },
  );
  await heard.start();
  for (const part of standing.parts) await part.start();
  await callers.uploads.start();
  await hookListener.start();
  await listener.start();
  const { port } = listener.server.address() as AddressInfo;
  const { port: hookPort } = hookListener.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    hooks: { url: `http://127.0.0.1:${hookPort}`, port: hookPort },
    recover: (key) => recoverTag(ledger.pushing, key),
    recoverManifests: () => recoverManifestPushes(ledger.pushing, new AbortController().signal),
    settleRefusals: () => settleRefusals(ledger.pushing, new AbortController().signal),
    remembered: ledger.remembered,
    learnWithheld: withheldTagsReader({ db, log, remembered: ledger.remembered }),
    flushPulls: () => pulls.recorder.flush(),
    flushTally: () => tally.flush(),
    metrics: () => metrics.registry.metrics(),
    registry,
    announceStop: () => {
      for (const part of live.parts) part.announceStop?.();
    },
    stop: async () => {
      for (const part of [...live.parts].reverse()) await part.stop();
      await listener.stop();
      await hookListener.stop();
      await callers.uploads.stop();
      for (const part of standing.parts) await part.stop();
      await heard.stop();
      await own?.close();
    },
  };
}

function openOwn(config: DatabaseConfig | undefined, { hear }: Subscriber): Database | null {
  if (config === undefined) return null;
  return openDatabase(config, { name: "gateway", connections: 8, heard: hear }, SILENT);
}

function urlsOf({ tokenServerUrl }: TestGatewayOptions): [string, ...string[]] {
  const [first = "", ...others] = tokenServerUrl.split(",");
  return [first, ...others];
}

/** What stands behind it, in this process and without signatures. */
function openBehind(options: TestGatewayOptions) {
  const { registryUrl: url, userAgentMark, patience } = options;
  const { bounds = BOUNDS } = options;
  const authorization = options.authorization ?? readableAuthorization;
  const forwardTo = (target: UpstreamTarget): Forward => {
    const forward = forwarder(target, SILENT);
    return (made, ...rest) => {
      options.onMade?.(made);
      return forward(made, ...rest);
    };
  };
  const asked = {
    forwardToTokenServer: forwardTo(tokenServerTarget(urlsOf(options))),
    callerStatement: ({ address }: { address: string }) => ({ [CALLER_HEADER]: address }),
  };
  const registry = {
    ...{ url, authorization, bounds },
    upstream: registryUpstream(url, authorization, patience, userAgentMark),
    listing: registryListing(url, authorization),
    forward: forwardTo({ url, name: "the registry", ...LIKE_A_REGISTRY }),
    ...(userAgentMark === undefined ? {} : { userAgentMark }),
  };
  return {
    registry,
    exchange: loginExchange({ ...asked, urls: urlsOf(options), service: SERVICE }),
    tokenServer: { direct: tokenRoute(asked), routes: [tokenServerRoutes(asked)] },
  };
}

const LIKE_A_REGISTRY = { hasLargeBodies: true, passUnauthorized: false, idleSeconds: 60 };

/** @returns a gate through which everything may pass */
function openGate(): WriteGate {
  const gate = writeGate();
  gate.follow(NORMAL);
  return gate;
}

/** Hears nothing. */
export const DEAF: Subscriber = {
  name: "subscription",
  on: () => undefined,
  lost: () => undefined,
  hear: () => undefined,
  hindrance: () => null,
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

/** What is not asked for without a ledger to hear of. */
const NOWHERE: DatabaseConfig = {
  ...{ host: "127.0.0.1", port: 1, database: "", user: "", password: new Secret("") },
} as DatabaseConfig;

const DATABASE_AWAY: Database = {
  query: () => Promise.reject(new Fault("UNAVAILABLE")),
  tell: () => undefined,
  transaction: () => Promise.reject(new Fault("UNAVAILABLE")),
  close: () => Promise.resolve(),
};

/** Says in the open what a signed token would say, so that tests can read it at the registry. */
const readableAuthorization: UpstreamAuthorization = (subject, access) =>
  `Bearer ${subject} ${access.map(formatScope).join(" ")}`;
