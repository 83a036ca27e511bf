import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Counter } from "prom-client";
import { ConfigError } from "#service-kit/config.js";
import { migrator } from "#service-kit/db/migrate.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { httpListener } from "#service-kit/http/server.js";
import { createLogger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { runUntilSignal } from "#service-kit/run-until-signal.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { readConfig, type TokenServerConfig } from "./config.js";
import { tokeninfoSource } from "./identity/tokeninfo.js";
import { loginLimiter } from "./limits/login-limiter.js";
import { builtInPolicy } from "./policy/watch.js";
import { housekeeping } from "./refresh-tokens/housekeeping.js";
import { robotSource } from "./robots/robot-source.js";
import { tokenServerRoutes } from "./routes.js";
import { noTeams, teamService } from "./teams/team-service.js";

const MIGRATIONS = fileURLToPath(new URL("../../../token-server/sql", import.meta.url));

async function main(config: TokenServerConfig): Promise<void> {
  const log = createLogger("token-server", config.logLevel);
  const metrics = createMetrics();
  const logins = new Counter({
    name: "logins_total",
    help: "Attempts to log in by how they ended",
    labelNames: ["outcome"],
    registers: [metrics.registry],
  });
  const { tokeninfoUrl, teamServiceUrl } = config;
  if (tokeninfoUrl === null)
    log.warn({
      event: "authentication.off",
      message: "HTTP_TOKENINFO_URL is not set: AUTHENTICATION IS OFF, everybody may push anything",
    });
  const db = openDatabase(
    config.database,
    { name: "token-server", connections: config.databaseConnections },
    log,
  );
  const schema = migrator(config.database, { schema: "token_server", directory: MIGRATIONS }, log);
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  const routes = tokenServerRoutes({
    sources: [
      ...(tokeninfoUrl === null ? [] : [tokeninfoSource(tokeninfoUrl)]),
      robotSource(db, Date.now),
    ],
    unrestricted: tokeninfoUrl === null,
    allowPublicRead: config.allowPublicRead,
    teams: teamServiceUrl === null ? noTeams : teamService(teamServiceUrl),
    policy: builtInPolicy,
    adminTeams: config.adminTeams,
    limiter: loginLimiter(db, config.loginLimits),
    refresh: {
      db,
      newId: randomUUID,
      now: Date.now,
      lifetimeSeconds: config.refreshTokenSeconds,
    },
    countLogin: (outcome) => {
      logins.inc({ outcome });
    },
    db,
    keys,
    issuer: config.issuer,
    service: config.service,
    lifetimeSeconds: config.tokenLifetimeSeconds,
    trustedProxies: config.trustedProxies,
    now: Date.now,
    newTokenId: randomUUID,
    log,
    metrics,
  });
  const timing = { drainSeconds: config.drainSeconds, idleSeconds: 60 };
  const { host, port, metricsHost, metricsPort } = config;
  await runUntilSignal(
    [
      { name: "database", start: () => Promise.resolve(), stop: () => db.close() },
      schema,
      keys,
      housekeeping(db, log),
      metricsListener({ host: metricsHost, port: metricsPort }, metrics, log),
      httpListener({ name: "public", host, port, ...timing }, routes, log),
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
