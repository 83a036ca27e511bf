import type { RequestHandler } from "express";
import type { ClockWatch } from "#service-kit/clocks/clock-watch.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { whyUnusable } from "#service-kit/db/usable.js";
import { probeRoutes } from "#service-kit/http/probe-routes.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import { readinessWatch } from "#service-kit/readiness.js";
import { readyAtStart } from "#service-kit/ready-at-start.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";

/**
 * @param deps - what every way to log in may need, log and metrics
 * @returns the routes that say whether the token server is alive, and ready
 */
export function openProbes(deps: {
  readonly db: Queryable;
  /** Why the schema is not up to date; `null` when it is. */
  readonly unmigrated: () => string | null;
  readonly clocks: Pick<ClockWatch, "doubt">;
  readonly files: Pick<RefusedFiles, "warnings">;
  readonly log: Logger;
  readonly metrics: Pick<ServiceMetrics, "registry">;
}): Opened & { readonly routes: readonly RequestHandler[] } {
  const { db, unmigrated, clocks } = deps;
  const needs = {
    database: async () => unmigrated() ?? whyUnusable(db, "token_server.refresh_token"),
    clocks: () => Promise.resolve(clocks.doubt()),
  };
  const readiness = readinessWatch(needs, deps);
  return { routes: [probeRoutes(readiness)], parts: [readiness, readyAtStart(readiness)] };
}
