import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ConfigError } from "#service-kit/config.js";
import { migrator } from "#service-kit/db/migrate.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { httpListener } from "#service-kit/http/server.js";
import { openInspector } from "#service-kit/inspector.js";
import { createLogger, type Logger } from "#service-kit/log.js";
import { runUntilSignal } from "#service-kit/run-until-signal.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { YamlFileError } from "#service-kit/yaml-file.js";
import { checkpointer } from "#audit-log/checkpointer.js";
import { keysFact } from "#audit-log/facts.js";
import { AUDIT_MIGRATIONS } from "#audit-log/migrations.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { factQueue, recordFact, type FactDeps } from "#audit-log/record-fact.js";
import { subscriber } from "#service-kit/db/subscribe.js";
import { readConfig, type GatewayConfig } from "./config.js";
import { discovery } from "./discovery/discovery.js";
import { discoveryMetrics } from "./discovery/discovery-metrics.js";
import { passDeps } from "./discovery/pass-deps.js";
import { gatewayMetrics } from "./gateway-metrics.js";
import { recoverTag, recovery, type RecoverDeps } from "./ledger/recover.js";
import { tagResolver, type ResolveDeps } from "./ledger/resolve-tag.js";
import { settledTags } from "./ledger/settled-tags.js";
import {
  BUILT_IN_TAG_POLICY,
  openTagPolicy,
  tagPolicyFact,
  type TagPolicyFile,
} from "./ledger/tag-policy-file.js";
import { modeFollower } from "./mode/follow-mode.js";
import { writeGate } from "./mode/write-gate.js";
import { tokenVerifier } from "./proxy/caller.js";
import { forwarder } from "./proxy/forward.js";
import { keyRefresher } from "./proxy/key-refresher.js";
import { upstreamAuthorization } from "./proxy/upstream-token.js";
import { registryUpstream } from "./proxy/upstream.js";
import { gatewayRoutes } from "./routes.js";
import { uploadSessions } from "./uploads/upload-sessions.js";

const MIGRATIONS = fileURLToPath(new URL("../../../gateway/sql", import.meta.url));

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
  const schema = migrator(
    config.database,
    [{ schema: "ledger", directory: MIGRATIONS }, AUDIT_MIGRATIONS],
    log,
  );
  const heard = subscriber(config.database, log);
  const { upstreamIssuer: issuer, upstreamService } = config;
  const authorization = upstreamAuthorization({
    keys,
    issuer,
    service: upstreamService,
    now: Date.now,
    newTokenId: randomUUID,
  });
  const verifier = tokenVerifier({
    jwksUrl: new URL(`${config.tokenServerUrl}/.well-known/jwks.json`),
    issuer: config.issuer,
    audience: config.service,
    leewaySeconds: config.tokenLeewaySeconds,
  });
  const uploads = uploadSessions(db, config.uploadCapSeconds, log);
  const upstream = registryUpstream(config.registryUrl, authorization);
  const facts = factQueue({ db, audit: recordAudit, log });
  const noteKeys = () => {
    facts.add(keysFact(config.keys.owner, keys.describe()));
  };
  noteKeys();
  keys.onChange(noteKeys);
  const tagPolicy = await openTagRules(config.tagPolicyFile, { db, audit: recordAudit, log }, log);
  facts.add(tagPolicyFact(tagPolicy.version()));
  const ledger: RecoverDeps & ResolveDeps = {
    db,
    log,
    policy: tagPolicy.policy,
    audit: recordAudit,
    pause,
    countStep: (step) => {
      metrics.pushSteps.inc({ step });
    },
    upstreamDigest: ({ repository, tag }) => upstream.digestOfTag(repository, tag),
    upstreamManifest: ({ repository }, digest) => upstream.getManifest(repository, digest),
    newReservation: randomUUID,
  };
  const settled = settledTags(heard);
  const writes = writeGate();
  const { idleSeconds } = config;
  const routes = gatewayRoutes({
    ...ledger,
    metrics,
    notifications: metrics.notifications,
    verifier,
    authorization,
    uploads,
    upstream,
    resolver: tagResolver(ledger),
    untilSettled: (key, milliseconds) => settled.until(key, milliseconds),
    recover: (key) => recoverTag(ledger, key),
    forward: forwarder(
      { url: config.registryUrl, name: "the registry", passUnauthorized: false, idleSeconds },
      log,
    ),
    forwardToTokenServer: forwarder(
      {
        url: config.tokenServerUrl,
        name: "the token server",
        passUnauthorized: true,
        idleSeconds: 30,
      },
      log,
    ),
    publicUrl: config.publicUrl,
    service: config.service,
    trustedProxies: config.trustedProxies,
    secret: config.notificationSecret,
    allowDelete: config.allowDelete,
    writes,
    // Until the mode is known, no push would work.
    migrated: () => schema.migrated() && writes.mode() !== null,
    now: Date.now,
    count: (outcome) => {
      metrics.pushes.inc({ outcome });
    },
  });
  const { host, port, drainSeconds } = config;
  await runUntilSignal(
    [
      { name: "database", start: () => Promise.resolve(), stop: () => db.close() },
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
      recovery(ledger),
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
          ...passDeps({
            ...ledger,
            registryUrl: config.registryUrl,
            authorization,
            upstream,
            now: Date.now,
          }),
          database: config.database,
          metrics: discoveryMetrics(metrics.registry, Date.now),
        },
        config.discovery,
      ),
      keys,
      uploads,
      keyRefresher(verifier, log),
      metricsListener({ host: config.metricsHost, port: config.metricsPort }, metrics, log),
      httpListener({ name: "public", host, port, drainSeconds, idleSeconds }, routes, log),
    ],
    log,
  );
}

async function openTagRules(
  path: string | null,
  onRecord: FactDeps,
  log: Logger,
): Promise<TagPolicyFile> {
  if (path === null) return BUILT_IN_TAG_POLICY;
  const record = async (version: Parameters<typeof tagPolicyFact>[0]) => {
    await recordFact(onRecord, tagPolicyFact(version));
  };
  return openTagPolicy(path, { log, record });
}

try {
  await main(readConfig(process.env));
} catch (error) {
  const isOperators = error instanceof ConfigError || error instanceof YamlFileError;
  console.error(isOperators ? error.message : error);
  process.exit(1);
}
