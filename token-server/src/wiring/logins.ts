import { randomUUID } from "node:crypto";
import { loginsFact } from "#audit-log/facts.js";
import type { Fact } from "#audit-log/record-fact.js";
import type { Records } from "#audit-log/open-records.js";
import { recordAudit } from "#audit-log/record-audit.js";
import type { Tally } from "#audit-log/tally.js";
import { steadyNow } from "#service-kit/clocks/clock-reading.js";
import type { ClockWatch } from "#service-kit/clocks/clock-watch.js";
import { impatient } from "#service-kit/db/asker.js";
import type { Database } from "#service-kit/db/pool.js";
import { jsonFetcher } from "#service-kit/http/fetch-json.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { namesOf } from "#service-kit/http/proxies.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TokenServerConfig } from "../config/config.js";
import { limitMetrics } from "../limits/limit-metrics.js";
import { limitReport } from "../limits/limit-report.js";
import { loginLimiter } from "../limits/login-limiter.js";
import type { ServiceLogins } from "../directory/service-source.js";
import { noteFailedLogins } from "../token/failed-logins.js";
import { differenceOfLogins } from "../logins/difference.js";
import { currentTeams, followLogins } from "../logins/followed-logins.js";
import { housekeeping } from "../refresh-tokens/housekeeping.js";
import { recordTokens } from "../refresh-tokens/record-tokens.js";
import { robotSource } from "../robots/robot-source.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import type { LogInDeps } from "../token/log-in.js";
import { reloadOnHangup } from "#service-kit/reload-on-hangup.js";
import { loginMetrics } from "./login-metrics.js";

/** Who somebody is, and in which teams. */
export interface Logins extends Opened {
  readonly logins: LogInDeps;
  readonly teams: TeamLookup;
}

/**
 * @param config - which logins there are, and their limits
 * @param deps - where robots, refresh tokens and failed logins are on record
 * @returns what logs in
 * @throws ConfigError when nobody could log in, YamlFileError when the file of logins cannot be used
 */
export async function openLogins(
  config: TokenServerConfig,
  {
    db,
    log,
    metrics,
    records,
    clocks,
    files,
    services,
  }: {
    readonly db: Database;
    readonly log: Logger;
    readonly metrics: ServiceMetrics;
    readonly records: Pick<Records, "note" | "record"> & { readonly tally: Pick<Tally, "note"> };
    readonly clocks: Pick<ClockWatch, "doubt">;
    readonly files: RefusedFiles;
    readonly services?: ServiceLogins;
  },
): Promise<Logins> {
  const counts = loginMetrics(metrics.registry);
  const now = Date.now;
  const noteFile = config.loginsFile === null ? null : files.follow(config.loginsFile);
  const identities = await followLogins(
    config.loginsFile,
    { ...config, services },
    {
      robots: robotSource(db, config.service),
      now,
      log,
      fetchJson: jsonFetcher(outgoing(config.proxies)),
      onStale: counts.stale,
      record: (yaml) => records.record(factOf(config, yaml)),
      onOutcome: (outcome) => {
        counts.loaded(outcome);
        noteFile?.(outcome);
      },
    },
  );
  const { yaml } = identities.current();
  if (yaml !== null) records.note(factOf(config, yaml));
  log.info({ event: "logins.ways", proxies: namesOf(config.proxies) });
  const unrestricted = config.authentication === "off";
  if (unrestricted)
    log.warn({
      event: "authentication.off",
      message: "AUTHENTICATION=off: everybody may push, delete and read anything",
    });
  const report = limitReport({ log, ...limitMetrics(metrics.registry) });
  const secret = config.database.password;
  return {
    logins: {
      identities,
      allowPublicRead: config.allowPublicRead,
      unrestricted,
      limiter: loginLimiter(db, config.loginLimits, { secret, report, now: steadyNow }),
      refresh: {
        db: { ...db, ...impatient(db, "token_server.refresh_token") },
        newId: randomUUID,
        lifetimeSeconds: config.refreshTokenSeconds,
        most: config.refreshTokensMost,
        takenClients: config.refreshTokenClients,
        record: recordTokens(records.tally, recordAudit),
      },
      doubtOfClock: clocks.doubt,
      told: { ended: counts.ended, refused: noteFailedLogins(records.tally) },
      log,
    },
    teams: currentTeams(identities),
    parts: [reloadOnHangup("logins", identities), housekeeping(db, log)],
  };
}

function factOf({ loginsFile }: Pick<TokenServerConfig, "loginsFile">, yaml: string): Fact {
  return { ...loginsFact({ path: loginsFile ?? "", yaml }), difference: differenceOfLogins };
}
