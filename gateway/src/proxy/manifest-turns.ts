import type { Response } from "express";
import { Gauge, type Registry } from "prom-client";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { turns, type Turns } from "#service-kit/turns.js";

/** How many manifests wait for their turn, and how long; they hold no byte of them meanwhile. */
export const WAITING = { waiting: 256, waitMilliseconds: 30_000 };

/** One caller has a share of all turns, so that whoever sends slowly takes no more. */
export const SHARES = 4;

/**
 * @param atOnce - manifests that are in memory at once, each 4 MiB at most
 * @returns turns for pushing them
 */
export function manifestTurns(atOnce: number): Turns {
  return turns({ atOnce, perCaller: Math.ceil(atOnce / SHARES), ...WAITING });
}

/**
 * @param registry - gets the gauge `manifest_turns`
 * @param all - the turns
 */
export function watchManifestTurns(registry: Registry, all: Turns): void {
  new Gauge({
    name: "manifest_turns",
    help: "Pushes of manifests that have their turn, and that wait for it",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      for (const [state, value] of Object.entries(all.count())) this.set({ state }, value);
    },
  });
}

/**
 * Waits for a turn when the request is a push of a manifest, before anything of it is read.
 *
 * @param all - the turns
 * @param request - any request
 * @param client - who asks, and the answer that is waited for
 * @returns gives the turn back
 * @throws Fault as {@link Turns.take}
 */
export function manifestTurn(
  all: Turns,
  request: RegistryRequest,
  { subject, res }: { readonly subject: string; readonly res: Response },
): Promise<() => void> {
  if (request.kind !== "manifest.put-by-tag" && request.kind !== "manifest.put-by-digest")
    return Promise.resolve(() => undefined);
  return all.take(subject, clientGone(res));
}
