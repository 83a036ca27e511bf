import { recordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import { EX_CONFIG } from "#service-kit/exit-code.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TokenServerConfig } from "../config/config.js";
import type { CurrentPolicy } from "../policy/watch.js";
import { robotCheck } from "../robots/check-at-start.js";
import { exceedingRobots } from "../robots/exceeding.js";
import type { RobotDeps } from "../robots/manage-robots.js";
import { refuseRobots } from "../robots/refuse-robots.js";

/**
 * @param config - how long robots may live, and whether anybody has to log in: where not, there may be no robots
 * @param deps - where robots are on record, and the policy that bounds them
 * @returns what manages robots
 */
export function openRobots(
  config: Pick<TokenServerConfig, "robotMaxDays" | "authentication">,
  deps: {
    readonly db: Database;
    readonly log: Logger;
    readonly policy: CurrentPolicy;
    readonly migrated: () => boolean;
  },
): Opened & { readonly robots: RobotDeps } {
  const { db, log, policy, migrated } = deps;
  const { robotMaxDays } = config;
  const look = () => exceedingRobots({ db, robotMaxDays }, policy);
  const refusing =
    config.authentication === "off" ? [refuseRobots({ db, log, migrated, end })] : [];
  return {
    robots: { db, policy, robotMaxDays, log, audit: recordAudit },
    parts: [...refusing, robotCheck(look, log)],
  };
}

/** Ends the process as a fault at start does. */
function end(): void {
  process.exitCode = EX_CONFIG;
  process.kill(process.pid, "SIGTERM");
}
