import { randomUUID } from "node:crypto";
import { readManifest } from "#gateway/ledger/sql/store-manifest.js";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { registryListing } from "#gateway/upstream/registry-listing.js";
import { gatewayMetrics } from "#gateway/wiring/gateway-metrics.js";
import { countingGrowth } from "#gateway/ledger/growth-metrics.js";
import { settleRefusals } from "#gateway/ledger/record-refusal.js";
import { recoverManifestPushes } from "#gateway/ledger/recover-manifests.js";
import { recoverTag, type RecoverDeps } from "#gateway/ledger/recover.js";
import { rememberedTags, type RememberedTags } from "#gateway/ledger/remembered-tags.js";
import { tagResolver, type ResolveDeps } from "#gateway/ledger/resolve-tag.js";
import { settledTags } from "#gateway/ledger/settled-tags.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { PIER_ONE_TAGS, type TagPolicy } from "#tag-policy/tag-policy.js";
import { withheldTagsReader } from "#gateway/ledger/withheld-tags.js";
import { recordAudit, type RecordAudit } from "#audit-log/record-audit.js";
import { hookRoutes } from "#gateway/notifications/routes.js";
import { NORMAL } from "#gateway/mode/mode.js";
import { writeGate, type WriteGate } from "#gateway/mode/write-gate.js";
import { pushSearch } from "#gateway/scm/push-search.js";
import { registryReader } from "#gateway/scm/registry-reader.js";
import { scmMetrics } from "#gateway/scm/scm-metrics.js";
import { NOTIFICATION_CONNECTIONS } from "#gateway/notifications/config.js";
import {
  manifestTurns,
  watchManifestTurns,
  type ManifestTurns,
} from "#gateway/proxy/manifest-turns.js";
import { tokenVerifier } from "#gateway/proxy/caller.js";
import { forwarder, type Forward } from "#gateway/upstream/forward.js";
import type { MadeRequest } from "#gateway/upstream/made-request.js";
import { registryUpstream, type UpstreamPatience } from "#gateway/upstream/upstream.js";
import type { UpstreamAuthorization } from "#gateway/upstream/upstream-token.js";
import type { Sink } from "#gateway/events/sink.js";
import { pullRecorder } from "#gateway/pulls/pull-recorder.js";
import { gatewayRoutes } from "#gateway/routes/routes.js";
import { uploadSessions } from "#gateway/uploads/upload-sessions.js";
import { Fault } from "#registry-protocol/faults.js";
import { MANIFEST_BOUNDS, type ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import { formatScope } from "#registry-protocol/scope.js";
import { boundedDatabase } from "#service-kit/db/bounded.js";
import type { Database, DatabaseConfig } from "#service-kit/db/pool.js";
import { subscriber, type Subscriber } from "#service-kit/db/subscribe.js";
import type { ConnectionLimits } from "#service-kit/http/connection-count.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import { isProbe } from "#service-kit/http/probe.js";
import { httpListener } from "#service-kit/http/server.js";
import { CALLER_HEADER } from "#service-kit/signing/caller-statement.js";
import { Secret } from "#service-kit/secret.js";
import { bareListener } from "./bare-listener.js";
import { SILENT } from "./ledger.js";
import { ISSUER, SERVICE } from "./token-authority.js";

export const NOTIFICATION_SECRET = "notification-secret";

const UPLOAD_CAP_SECONDS = 3_600;

/** Where the other parts are, and what is not the default. */
export interface TestGatewayOptions {
  readonly registryUrl: string;
  readonly tokenServerUrl: string;
  /** Ledger; absent: one that is away. */
  readonly db?: Database;
  /** Where the gateway hears of settled pushes; absent: it hears nothing and looks every two seconds. */
  readonly hears?: DatabaseConfig;
  /** Absent: as in production. */
  readonly patience?: UpstreamPatience;
  readonly authorization?: UpstreamAuthorization;
  /** Absent: Pier One's. */
  readonly policy?: TagPolicy;
  /** Absent: as in production. */
  readonly manifestBounds?: ManifestBounds;
  /** Of the public listener; absent: as in production. */
  readonly connections?: ConnectionLimits;
  /** Absent: as in production. */
  readonly manifestTurns?: ManifestTurns;
  /** Absent: off, as in production. */
  readonly allowDelete?: boolean;
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
  /** Whether it listens without the bounds of our listeners. */
  readonly isBare?: boolean;
  /** Told of each request that it makes for a client, before it is sent. */
  readonly onMade?: (made: MadeRequest) => void;
  readonly publicUrl?: string;
  readonly trustedProxies?: readonly string[];
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
  /** @returns its metrics as Prometheus reads them */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * @param options - where the other parts are
 * @returns a gateway, listening
 */
export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { registryUrl, tokenServerUrl } = options;
  const metrics = gatewayMetrics();
  const authorization = options.authorization ?? readableAuthorization;
  const forwardTo = (url: string, name: string, passUnauthorized: boolean): Forward => {
    const forward = forwarder({ url, name, passUnauthorized, idleSeconds: 60 }, SILENT);
    return (made, ...rest) => {
      options.onMade?.(made);
      return forward(made, ...rest);
    };
  };
  const db = options.db ?? DATABASE_AWAY;
  const heard = options.hears === undefined ? DEAF : subscriber(options.hears, SILENT);
  const settled = settledTags(heard);
  const mark = options.userAgentMark;
  const upstream = registryUpstream(registryUrl, authorization, options.patience, mark);
  const scm = scmMetrics(metrics.registry);
  const ledger: RecoverDeps & ResolveDeps = {
    db,
    log: SILENT,
    policy: options.policy ?? PIER_ONE_TAGS,
    audit: countingGrowth(options.audit ?? recordAudit, metrics.countGrowth),
    countGrowth: metrics.countGrowth,
    pause: (milliseconds) => pause(milliseconds),
    countStep: (step) => {
      metrics.pushSteps.inc({ step });
    },
    countSource: (origin) => {
      scm.sources.inc({ origin });
    },
    upstreamDigest: ({ repository, tag }) => upstream.digestOfTag(repository, tag),
    upstreamManifest: ({ repository }, digest) => upstream.getManifest(repository, digest),
    newReservation: randomUUID,
    remembered: rememberedTags(),
  };
  const resolver = tagResolver(ledger);
  settled.follow((key) => void resolver.settled(key));
  const pulls = pullRecorder({
    db,
    log: SILENT,
    pullMetrics: metrics.pullMetrics,
    keepDays: 90,
    now: options.now ?? Date.now,
    sinks: options.sinks ?? [],
    announced: () => undefined,
  });
  const pushTurns = options.manifestTurns ?? manifestTurns(64);
  watchManifestTurns(metrics.registry, pushTurns);
  const routes = gatewayRoutes({
    ...ledger,
    uploads: uploadSessions(db, UPLOAD_CAP_SECONDS, SILENT),
    metrics,
    pulls,
    verifier: tokenVerifier({
      jwksUrl: new URL(`${tokenServerUrl}/.well-known/jwks.json`),
      issuer: ISSUER,
      audience: SERVICE,
      leewaySeconds: 60,
      keysMaxAgeSeconds: 3_600,
    }),
    authorization,
    ...(mark === undefined ? {} : { userAgentMark: mark }),
    upstream,
    resolver,
    listing: registryListing(registryUrl, authorization),
    findSource: pushSearch(
      registryReader({
        ...ledger,
        keptManifest: (repository, digest) => readManifest(db, repository, digest),
        registryUrl,
        authorization,
      }),
      true,
    ),
    untilSettled: (key, milliseconds) => settled.until(key, milliseconds),
    pushDb: boundedDatabase(db, options.pushConnections ?? 4),
    recover: (key) => recoverTag(ledger, key),
    forward: forwardTo(registryUrl, "the registry", false),
    forwardToTokenServer: forwardTo(tokenServerUrl, "the token server", true),
    callerStatement: ({ address }) => ({ [CALLER_HEADER]: address }),
    publicUrl: options.publicUrl ?? null,
    service: SERVICE,
    client: clientReader(options.trustedProxies ?? [], { log: SILENT, now: Date.now }),
    migrated: () => true,
    allowDelete: options.allowDelete ?? false,
    manifestTurns: pushTurns,
    manifestBounds: options.manifestBounds ?? MANIFEST_BOUNDS,
    writes: options.writes ?? openGate(),
    now: Date.now,
    count: (outcome) => {
      metrics.pushes.inc({ outcome });
    },
  });
  const timing = { drainSeconds: 0, idleSeconds: 60 };
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
          },
          routes,
          { log: SILENT, metrics },
        );
  const hooks = hookRoutes({
    db,
    log: SILENT,
    metrics,
    hookMetrics: metrics.hookMetrics,
    notified: options.notified ?? (() => undefined),
    secrets: (options.notificationSecrets ?? [NOTIFICATION_SECRET]).map(
      (secret) => new Secret(secret),
    ) as [Secret, ...Secret[]],
    allowed: options.notificationsFrom ?? ["loopback"],
  });
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
  await hookListener.start();
  await listener.start();
  const { port } = listener.server.address() as AddressInfo;
  const { port: hookPort } = hookListener.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    hooks: { url: `http://127.0.0.1:${hookPort}`, port: hookPort },
    recover: (key) => recoverTag(ledger, key),
    recoverManifests: () => recoverManifestPushes(ledger, new AbortController().signal),
    settleRefusals: () => settleRefusals(ledger, new AbortController().signal),
    remembered: ledger.remembered,
    learnWithheld: withheldTagsReader(ledger),
    flushPulls: () => pulls.flush(),
    metrics: () => metrics.registry.metrics(),
    stop: async () => {
      await listener.stop();
      await hookListener.stop();
      await heard.stop();
    },
  };
}

/** @returns a gate through which everything may pass */
export function openGate(): WriteGate {
  const gate = writeGate();
  gate.follow(NORMAL);
  return gate;
}

/** Hears nothing. */
export const DEAF: Subscriber = {
  name: "subscription",
  on: () => undefined,
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

const DATABASE_AWAY: Database = {
  query: () => Promise.reject(new Fault("UNAVAILABLE")),
  transaction: () => Promise.reject(new Fault("UNAVAILABLE")),
  close: () => Promise.resolve(),
};

/** Says in the open what a signed token would say, so that tests can read it at the registry. */
const readableAuthorization: UpstreamAuthorization = (subject, access) =>
  `Bearer ${subject} ${access.map(formatScope).join(" ")}`;
