import type { RequestHandler } from "express";
import type { ClockWatch } from "#service-kit/clocks/clock-watch.js";
import { probeRoutes } from "#service-kit/http/probe-routes.js";
import type { Logger } from "#service-kit/log.js";
import { readinessWatch, type Readiness } from "#service-kit/readiness.js";
import { readyAtStart } from "#service-kit/ready-at-start.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { WriteGate } from "../mode/write-gate.js";
import { pushNeeds, type PushNeeds } from "../routes/push-needs.js";
import type { StorageWatch } from "../storage/storage-watch.js";
import type { Upstream } from "../upstream/upstream.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import type { Store } from "./store.js";

/**
 * @param deps - what a push needs, log and metrics
 * @returns the routes that say whether the gateway is alive, and ready; and what says the latter
 */
export function openProbes(deps: {
  readonly store: Pick<Store, "db" | "hindrance">;
  readonly standing: {
    readonly registry: { readonly upstream: Pick<Upstream, "ping"> };
    readonly storage: Pick<StorageWatch, "lookLately">;
  };
  readonly mode: { readonly writes: Pick<WriteGate, "mode"> };
  readonly clocks: Pick<ClockWatch, "comparison">;
  readonly callers: { readonly callers: { readonly verifier: PushNeeds["verifier"] } };
  readonly files: Pick<RefusedFiles, "warnings">;
  readonly log: Logger;
  readonly metrics: Pick<GatewayMetrics, "registry">;
}): Opened & {
  readonly routes: readonly RequestHandler[];
  readonly readiness: () => Promise<Readiness>;
} {
  const { store, standing, mode, clocks } = deps;
  const { verifier } = deps.callers.callers;
  // Until the mode is known, no push would work.
  const hindrance = () =>
    store.hindrance() ?? (mode.writes.mode() === null ? "the mode is not known yet" : null);
  const needs = pushNeeds({
    db: store.db,
    upstream: standing.registry.upstream,
    storage: standing.storage,
    hindrance,
    clocks,
    verifier,
  });
  const readiness = readinessWatch(needs, deps);
  const look = () => readiness.check();
  return {
    routes: [probeRoutes(readiness)],
    readiness: look,
    parts: [readiness, readyAtStart(readiness)],
  };
}
