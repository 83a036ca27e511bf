import { clockWatch, type ClockWatch } from "#service-kit/clocks/clock-watch.js";
import { databaseClock } from "#service-kit/db/time.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { Opened } from "#service-kit/run-until-signal.js";

/**
 * @param deps - whose clock is asked beside gateways', which tell their own with each request
 * @returns what compares them with the token server's
 */
export function openClocks(deps: {
  readonly db: Database;
  readonly log: Logger;
  readonly metrics: Pick<ServiceMetrics, "registry">;
}): Opened & { readonly clocks: ClockWatch } {
  const { db, log, metrics } = deps;
  const own = { log, metrics, now: Date.now };
  const clocks = clockWatch("the token server", [databaseClock(db)], own);
  return { clocks, parts: [clocks] };
}
