import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { forgetLoginFailures } from "../limits/sql.js";
import { forgetLongViews } from "../views/sql.js";
import { forgetRefreshTokens } from "./sql.js";

const HOUR_MILLISECONDS = 3600 * 1000;

/**
 * Deletes refresh tokens that ended long ago, failures of logins that count no more and views that no token names, every hour; replicas may do it
 * side by side.
 *
 * @param db - where they are
 * @param log - where failures are told
 * @returns a component
 */
export function housekeeping(db: Database, log: Logger): Component {
  let timer: NodeJS.Timeout | undefined;
  return {
    name: "housekeeping",
    start: () => {
      timer = setInterval(() => {
        for (const forget of [forgetRefreshTokens, forgetLoginFailures, forgetLongViews])
          forget(db).catch((error: unknown) => {
            log.warn({ event: "housekeeping.failed", err: error });
          });
      }, HOUR_MILLISECONDS);
      return Promise.resolve();
    },
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
