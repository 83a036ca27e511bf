import { randomUUID } from "node:crypto";
import { Counter } from "prom-client";
import { keysFact, policyFact } from "#audit-log/facts.js";
import { AUDIT_MIGRATIONS } from "#audit-log/migrations.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { factQueue, recordFact, type FactDeps } from "#audit-log/record-fact.js";
import { ConfigError } from "#service-kit/config.js";
import { migrator } from "#service-kit/db/migrate.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { isProbe } from "#service-kit/http/probe.js";
import { httpListener } from "#service-kit/http/server.js";
import { changedFiles, filesReadOnce } from "#service-kit/files-read-once.js";
import { openInspector } from "#service-kit/inspector.js";
import { createLogger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { runUntilSignal, type Component } from "#service-kit/run-until-signal.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { YamlFileError } from "#service-kit/yaml-file.js";
import { readConfig, type TokenServerConfig } from "./config/config.js";
import { requireWayIn } from "./logins/closed-by-default.js";
import { currentTeams, followLogins } from "./logins/followed-logins.js";
import { limitMetrics } from "./limits/limit-metrics.js";
import { limitReport } from "./limits/limit-report.js";
import { loginLimiter } from "./limits/login-limiter.js";
import { TOKEN_SERVER_MIGRATIONS } from "./wiring/migrations.js";
import { builtInPolicy, watchPolicy } from "./policy/watch.js";
import { housekeeping } from "./refresh-tokens/housekeeping.js";
import { robotCheck } from "./robots/check-at-start.js";
import { exceedingRobots } from "./robots/exceeding.js";
import { refuseRobots } from "./robots/refuse-robots.js";
import { robotSource } from "./robots/robot-source.js";
import { openRequestOrigin } from "./wiring/request-origin.js";
import { tokenServerRoutes } from "./routes/routes.js";

async function main(config: TokenServerConfig): Promise<void> {
  const log = createLogger("token-server", config.logLevel);
  openInspector(config.inspectorPort, log);
  const metrics = createMetrics();
  const loginCount = new Counter({
    name: "logins_total",
    help: "Attempts to log in by how they ended",
    labelNames: ["outcome"],
    registers: [metrics.registry],
  });
  const staleTeams = new Counter({
    name: "stale_team_answers_total",
    help: "Team memberships taken from an old answer while the team service was away",
    registers: [metrics.registry],
  });
  const db = openDatabase(
    config.database,
    { name: "token-server", connections: config.databaseConnections },
    log,
  );
  const schema = migrator(config.database, [TOKEN_SERVER_MIGRATIONS, AUDIT_MIGRATIONS], log);
  const onRecord: FactDeps = { db, audit: recordAudit, log };
  const facts = factQueue(onRecord);
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  const noteKeys = () => {
    facts.add(keysFact(config.keys.owner, keys.describe()));
  };
  noteKeys();
  keys.onChange(noteKeys);
  const loginsLoads = new Counter({
    name: "logins_loads_total",
    help: "New contents of the logins file by what came of them",
    labelNames: ["outcome"],
    registers: [metrics.registry],
  });
  const identities = await followLogins(config.loginsFile, config, {
    robots: robotSource(db, Date.now),
    now: Date.now,
    log,
    onStale: () => {
      staleTeams.inc();
    },
    onOutcome: (outcome) => {
      loginsLoads.inc({ outcome });
    },
  });
  requireWayIn(config, identities.current().logins);
  const unrestricted = config.authentication === "off";
  if (unrestricted)
    log.warn({
      event: "authentication.off",
      message: "AUTHENTICATION=off: everybody may push, delete and read anything",
    });
  const policyLoads = new Counter({
    name: "policy_loads_total",
    help: "New contents of the policy file by what came of them",
    labelNames: ["outcome"],
    registers: [metrics.registry],
  });
  const policy =
    config.policyFile === null
      ? builtInPolicy
      : await watchPolicy(config.policyFile, {
          log,
          onOutcome: (outcome) => {
            policyLoads.inc({ outcome });
          },
          record: async (version) => {
            await recordFact(onRecord, policyFact(version));
          },
        });
  facts.add(policyFact(policy.version()));
  const origin = await openRequestOrigin(config, { log, metrics });
  const routes = tokenServerRoutes({
    identities,
    teams: currentTeams(identities),
    unrestricted,
    allowPublicRead: config.allowPublicRead,
    policy,
    robotMaxDays: config.robotMaxDays,
    adminTeams: config.adminTeams,
    limiter: loginLimiter(db, config.loginLimits, {
      secret: config.database.password,
      report: limitReport({ log, ...limitMetrics(metrics.registry) }),
      now: Date.now,
    }),
    refresh: {
      db,
      newId: randomUUID,
      now: Date.now,
      lifetimeSeconds: config.refreshTokenSeconds,
      most: config.refreshTokensMost,
      sharingClients: config.refreshTokenClients,
    },
    countLogin: (outcome) => {
      loginCount.inc({ outcome });
    },
    db,
    audit: recordAudit,
    keys,
    issuer: config.issuer,
    service: config.service,
    lifetimeSeconds: config.tokenLifetimeSeconds,
    client: origin.client,
    requestId: origin.requestId,
    now: Date.now,
    newTokenId: randomUUID,
    log,
    metrics,
  });
  const timing = { drainSeconds: config.drainSeconds, idleSeconds: 60 };
  const { host, port, metricsHost, metricsPort, connections } = config;
  await runUntilSignal(
    [
      { name: "database", start: () => Promise.resolve(), stop: () => db.close() },
      schema,
      ...(unrestricted ? [refuseRobots({ db, log, migrated: schema.migrated, end })] : []),
      facts,
      keys,
      origin,
      followed("policy", policy),
      followed("logins", identities),
      changedFiles(filesReadOnce(process.env, FOLLOWED), log),
      housekeeping(db, log),
      robotCheck(
        () =>
          exceedingRobots(
            { db, now: Date.now, robotMaxDays: config.robotMaxDays },
            policy.current(),
          ),
        log,
      ),
      metricsListener({ host: metricsHost, port: metricsPort }, metrics, log),
      httpListener(
        { name: "public", host, port, ...timing, connections, isEssential: isProbe },
        routes,
        { log, metrics },
      ),
    ],
    log,
  );
}

/** Variables of files whose changes count while the process runs. */
const FOLLOWED = ["LOGINS_FILE", "POLICY_FILE", "SIGNING_KEY_FILE", "SIGNING_CERTIFICATE_FILE"];

/** Ends the process as a fault at start does. */
function end(): void {
  process.exitCode = 1;
  process.kill(process.pid, "SIGTERM");
}

/** Looks at a file at once on SIGHUP. */
function followed(
  name: string,
  file: { reload: () => Promise<unknown>; stop: () => void },
): Component {
  const onHangup = () => void file.reload();
  return {
    name,
    start: () => {
      process.on("SIGHUP", onHangup);
      return Promise.resolve();
    },
    stop: () => {
      process.off("SIGHUP", onHangup);
      file.stop();
      return Promise.resolve();
    },
  };
}

try {
  await main(readConfig(process.env));
} catch (error) {
  console.error(
    error instanceof ConfigError || error instanceof YamlFileError ? error.message : error,
  );
  process.exit(1);
}
