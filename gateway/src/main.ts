import { randomUUID } from "node:crypto";
import { readManifest } from "./ledger/sql/store-manifest.js";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { ConfigError } from "#service-kit/config.js";
import { migrator } from "#service-kit/db/migrate.js";
import { boundedDatabase } from "#service-kit/db/bounded.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { isProbe } from "#service-kit/http/probe.js";
import { httpListener } from "#service-kit/http/server.js";
import { changedFiles, filesReadOnce } from "#service-kit/files-read-once.js";
import { openInspector } from "#service-kit/inspector.js";
import { createLogger } from "#service-kit/log.js";
import { runUntilSignal } from "#service-kit/run-until-signal.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { YamlFileError } from "#service-kit/yaml-file.js";
import { checkpointer } from "#audit-log/checkpointer.js";
import { keysFact } from "#audit-log/facts.js";
import { AUDIT_MIGRATIONS } from "#audit-log/migrations.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { factQueue, recordFact } from "#audit-log/record-fact.js";
import { subscriber } from "#service-kit/db/subscribe.js";
import { readConfig, type GatewayConfig } from "./config/config.js";
import { discovery } from "./discovery/discovery.js";
import { discoveryMetrics } from "./discovery/discovery-metrics.js";
import { passDeps } from "./discovery/pass-deps.js";
import { gatewayMetrics } from "./wiring/gateway-metrics.js";
import { hookRoutes } from "./notifications/routes.js";
import { notificationWorker } from "./notifications/notification-worker.js";
import { manifestRecovery } from "./ledger/recover-manifests.js";
import { refusalSettling } from "./ledger/record-refusal.js";
import { recoverTag, recovery, type RecoverDeps } from "./ledger/recover.js";
import { rememberedTags } from "./ledger/remembered-tags.js";
import { tagResolver, type ResolveDeps } from "./ledger/resolve-tag.js";
import { settledTags } from "./ledger/settled-tags.js";
import { tagPolicyFact } from "./ledger/tag-policy-file.js";
import { withheldTags } from "./ledger/withheld-tags.js";
import { pushSearch } from "./scm/push-search.js";
import { registryReader } from "./scm/registry-reader.js";
import { scmMetrics } from "./scm/scm-metrics.js";
import { SEARCH_LIMITS } from "./scm/search-limits.js";
import { sourceSearch } from "./scm/source-search.js";
import { LEDGER_MIGRATIONS } from "./wiring/migrations.js";
import { modeFollower } from "./mode/follow-mode.js";
import { writeGate } from "./mode/write-gate.js";
import { tokenVerifier } from "./proxy/caller.js";
import { manifestTurns, watchManifestTurns } from "./proxy/manifest-turns.js";
import { keyRefresher } from "./proxy/key-refresher.js";
import { gatewayRoutes } from "./routes/routes.js";
import { deletionRecovery } from "./deletion/recover-deletions.js";
import { pullRecorder } from "./pulls/pull-recorder.js";
import { uploadSessions } from "./uploads/upload-sessions.js";
import { openEvents } from "./wiring/events.js";
import { openBehind } from "./wiring/registry.js";
import { openTagRules } from "./wiring/tag-rules.js";

async function main(config: GatewayConfig): Promise<void> {
  const log = createLogger("gateway", config.logLevel);
  openInspector(config.inspectorPort, log);
  const metrics = gatewayMetrics();
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  const db = openDatabase(
    config.database,
    { name: "gateway", connections: config.databaseConnections },
    log,
  );
  const schema = migrator(config.database, [LEDGER_MIGRATIONS, AUDIT_MIGRATIONS], log);
  const heard = subscriber(config.database, log);
  const behind = openBehind(config, keys, log);
  const { authorization, upstream } = behind;
  const verifier = tokenVerifier({
    jwksUrl: new URL(`${config.tokenServerUrl}/.well-known/jwks.json`),
    issuer: config.issuer,
    audience: config.service,
    leewaySeconds: config.tokenLeewaySeconds,
    keysMaxAgeSeconds: config.tokenKeysMaxAgeSeconds,
  });
  const uploads = uploadSessions(db, config.uploadCapSeconds, log);
  const facts = factQueue({ db, audit: recordAudit, log });
  const noteKeys = () => {
    facts.add(keysFact(config.keys.owner, keys.describe()));
  };
  noteKeys();
  keys.onChange(noteKeys);
  const tagPolicy = await openTagRules(
    config.tagPolicyFile,
    async (version) => {
      await recordFact({ db, audit: recordAudit, log }, tagPolicyFact(version));
    },
    log,
  );
  facts.add(tagPolicyFact(tagPolicy.version()));
  const scm = scmMetrics(metrics.registry);
  const events = openEvents(config, { db, log, metrics });
  const { sinks, outbox } = events;
  const ledger: RecoverDeps & ResolveDeps = {
    db,
    log,
    policy: tagPolicy.policy,
    audit: events.audit,
    countGrowth: metrics.countGrowth,
    pause,
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
  const { registryUrl, searchLayers: withLayers } = config;
  const reader = registryReader({
    ...ledger,
    keptManifest: (repository, digest) => readManifest(db, repository, digest),
    registryUrl,
    authorization,
  });
  const comparing = passDeps({
    ...ledger,
    registryUrl: config.registryUrl,
    authorization,
    upstream,
    now: Date.now,
  });
  const { hookMetrics, pullMetrics } = metrics;
  const recording = { db, log, sinks, announced: outbox.wake, pullMetrics, now: Date.now };
  const pulls = pullRecorder({ ...recording, keepDays: config.pullRecordDays });
  const reported = notificationWorker({
    ...comparing,
    ...recording,
    hookMetrics,
    repairs: config.discovery.repair,
  });
  // Heavy pushes leave half of the connections to readers.
  const pushDb = boundedDatabase(db, Math.floor(config.databaseConnections / 2));
  const pushing = { ...ledger, db: pushDb };
  const settled = settledTags(heard);
  const resolver = tagResolver(ledger);
  settled.follow((key) => void resolver.settled(key));
  const writes = writeGate();
  const pushTurns = manifestTurns(config.manifestsAtOnce);
  watchManifestTurns(metrics.registry, pushTurns);
  const routes = gatewayRoutes({
    ...ledger,
    metrics,
    pulls,
    ...behind,
    verifier,
    uploads,
    resolver,
    listing: comparing.listing,
    findSource: pushSearch(reader, withLayers),
    untilSettled: (key, milliseconds) => settled.until(key, milliseconds),
    pushDb,
    recover: (key) => recoverTag(pushing, key),
    publicUrl: config.publicUrl,
    service: config.service,
    client: clientReader(config.trustedProxies, { log, now: Date.now }),
    allowDelete: config.allowDelete,
    manifestTurns: pushTurns,
    manifestBounds: config.manifestBounds,
    writes,
    // Until the mode is known, no push would work.
    migrated: () => schema.migrated() && writes.mode() !== null,
    now: Date.now,
    count: (outcome) => {
      metrics.pushes.inc({ outcome });
    },
  });
  const hooks = hookRoutes({
    ...{ db, log, metrics, hookMetrics },
    ...config.notifications,
    notified: reported.wake,
  });
  const { host, port, drainSeconds, idleSeconds, connections, notifications } = config;
  await runUntilSignal(
    [
      { name: "database", start: () => Promise.resolve(), stop: () => db.close() },
      events.connections,
      schema,
      heard,
      facts,
      checkpointer({
        db,
        log,
        key: () => keys.active(),
        now: Date.now,
        interval: config.checkpoints,
      }),
      tagPolicy,
      outbox,
      recovery(pushing),
      manifestRecovery(pushing),
      refusalSettling(pushing),
      withheldTags(ledger),
      deletionRecovery(ledger),
      sourceSearch({ db, log, reader, metrics: scm, limits: SEARCH_LIMITS, withLayers }),
      modeFollower({
        db,
        log,
        heard,
        gate: writes,
        name: `${hostname()}:${port}`,
        note: (mode) => {
          metrics.readOnly.set(mode === "read-only" ? 1 : 0);
        },
      }),
      discovery(
        {
          ...comparing,
          database: config.database,
          metrics: discoveryMetrics(metrics.registry, Date.now),
        },
        config.discovery,
      ),
      keys,
      uploads,
      pulls,
      reported,
      keyRefresher(verifier, log),
      changedFiles(filesReadOnce(process.env, FOLLOWED), log),
      metricsListener({ host: config.metricsHost, port: config.metricsPort }, metrics, log),
      httpListener(
        { name: "notifications", ...notifications, drainSeconds, idleSeconds: 60 },
        hooks,
        { log, metrics },
      ),
      httpListener(
        {
          name: "public",
          host,
          port,
          drainSeconds,
          idleSeconds,
          connections,
          isEssential: isProbe,
        },
        routes,
        { log, metrics },
      ),
    ],
    log,
  );
}

/** Variables of files whose changes count while the process runs. */
const FOLLOWED = ["TAG_POLICY_FILE", "SIGNING_KEY_FILE", "SIGNING_CERTIFICATE_FILE"];

try {
  await main(readConfig(process.env));
} catch (error) {
  const isOperators = error instanceof ConfigError || error instanceof YamlFileError;
  console.error(isOperators ? error.message : error);
  process.exit(1);
}
