import type { RequestHandler } from "express";
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
  readonly mode: { readonly writes: Pick<WriteGate, "mode"> };
}): { readonly routes: readonly RequestHandler[] } {
  const { store, registry, mode } = deps;
  // Until the mode is known, no push would work.
  const migrated = () => store.migrated() && mode.writes.mode() !== null;
  return { routes: [probeRoutes({ db: store.db, upstream: registry.upstream, migrated })] };
}
