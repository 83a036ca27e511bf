import { randomUUID } from "node:crypto";
import { ConfigError } from "#service-kit/config.js";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { httpListener } from "#service-kit/http/server.js";
import { createLogger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { runUntilSignal } from "#service-kit/run-until-signal.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { readConfig, type TokenServerConfig } from "./config.js";
import { tokeninfoSource } from "./identity/tokeninfo.js";
import { tokenServerRoutes } from "./routes.js";
import { noTeams, teamService } from "./teams/team-service.js";

async function main(config: TokenServerConfig): Promise<void> {
  const log = createLogger("token-server", config.logLevel);
  const metrics = createMetrics();
  const { tokeninfoUrl, teamServiceUrl } = config;
  if (tokeninfoUrl === null)
    log.warn({
      event: "authentication.off",
      message: "HTTP_TOKENINFO_URL is not set: AUTHENTICATION IS OFF, everybody may push anything",
    });
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  const routes = tokenServerRoutes({
    sources: tokeninfoUrl === null ? [] : [tokeninfoSource(tokeninfoUrl)],
    unrestricted: tokeninfoUrl === null,
    allowPublicRead: config.allowPublicRead,
    teams: teamServiceUrl === null ? noTeams : teamService(teamServiceUrl),
    keys,
    issuer: config.issuer,
    service: config.service,
    lifetimeSeconds: config.tokenLifetimeSeconds,
    now: Date.now,
    newTokenId: randomUUID,
    log,
    metrics,
  });
  const timing = { drainSeconds: config.drainSeconds, idleSeconds: 60 };
  await runUntilSignal(
    [
      keys,
      metricsListener({ host: config.metricsHost, port: config.metricsPort }, metrics, log),
      httpListener(
        { name: "public", host: config.host, port: config.port, ...timing },
        routes,
        log,
      ),
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
