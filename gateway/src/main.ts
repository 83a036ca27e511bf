import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Counter } from "prom-client";
import { ConfigError } from "#service-kit/config.js";
import { migrator } from "#service-kit/db/migrate.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { httpListener } from "#service-kit/http/server.js";
import { openInspector } from "#service-kit/inspector.js";
import { createLogger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { runUntilSignal } from "#service-kit/run-until-signal.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { readConfig, type GatewayConfig } from "./config.js";
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
  const metrics = createMetrics();
  const registers = [metrics.registry];
  const pushes = new Counter({
    name: "tag_pushes_total",
    help: "Pushes of tags by how they ended",
    labelNames: ["outcome"],
    registers,
  });
  const notifications = new Counter({
    name: "registry_notifications_total",
    help: "Events received from the registry",
    labelNames: ["action"],
    registers,
  });
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  const db = openDatabase(
    config.database,
    { name: "gateway", connections: config.databaseConnections },
    log,
  );
  const schema = migrator(config.database, { schema: "ledger", directory: MIGRATIONS }, log);
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
  const { idleSeconds } = config;
  const routes = gatewayRoutes({
    db,
    log,
    metrics,
    notifications,
    verifier,
    authorization,
    uploads,
    upstream: registryUpstream(config.registryUrl, authorization),
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
    migrated: schema.migrated,
    newReservation: randomUUID,
    now: Date.now,
    pause,
    count: (outcome) => {
      pushes.inc({ outcome });
    },
  });
  const { host, port, drainSeconds } = config;
  await runUntilSignal(
    [
      { name: "database", start: () => Promise.resolve(), stop: () => db.close() },
      schema,
      keys,
      uploads,
      keyRefresher(verifier, log),
      metricsListener({ host: config.metricsHost, port: config.metricsPort }, metrics, log),
      httpListener({ name: "public", host, port, drainSeconds, idleSeconds }, routes, log),
    ],
    log,
  );
}

try {
  await main(readConfig(process.env));
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
