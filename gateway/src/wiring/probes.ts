import type { RequestHandler } from "express";
import type { ClockWatch } from "#service-kit/clock/clock-watch.js";
import type { WriteGate } from "../mode/write-gate.js";
import { probeRoutes } from "../routes/probe-routes.js";
import type { Upstream } from "../upstream/upstream.js";
import type { Store } from "./store.js";

/**
 * @param deps - what a push needs
 * @returns the routes that say whether the gateway is alive, and ready
 */
export function openProbes(deps: {
  readonly store: Pick<Store, "db" | "migrated">;
  readonly registry: { readonly upstream: Pick<Upstream, "ping"> };
  readonly clocks: ClockWatch;
  readonly mode: { readonly writes: Pick<WriteGate, "mode"> };
}): { readonly routes: readonly RequestHandler[] } {
  const { store, registry, mode, clocks } = deps;
  const pending = () => {
    if (!store.migrated()) return "the database's schema has not been brought up to date";
    return mode.writes.mode() === null ? "whether pushes are let through is not known yet" : null;
  };
  return { routes: [probeRoutes({ db: store.db, upstream: registry.upstream, pending, clocks })] };
}
