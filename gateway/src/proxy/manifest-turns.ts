import type { ServerResponse } from "node:http";
import { Gauge, type Registry } from "prom-client";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { turns, type Turns } from "#service-kit/turns.js";
import type { Framing } from "../upstream/client-framing.js";

/** How many manifests wait for their turn, and how long; they hold no byte of them meanwhile. */
export const WAITING = { waiting: 256, waitMilliseconds: 30_000 };

/** One caller has a share of all turns, so that whoever sends slowly takes no more. */
export const SHARES = 4;

/** No builder's manifest is larger, in bytes. */
export const SMALL_BYTES = 256 * 1024;
/** To take larger ones keeps the gateway busy: a few at once, so that others' requests have their time between them. */
export const LARGE_TURNS = { atOnce: 4, perCaller: 1, ...WAITING };

/** Turns for pushing manifests, by their size. */
export interface ManifestTurns {
  readonly small: Turns;
  /** Also for those that do not say how large they are. */
  readonly large: Turns;
}

/**
 * @param atOnce - small manifests that are in memory at once
 * @returns turns that nobody has taken
 */
export function manifestTurns(atOnce: number): ManifestTurns {
  return {
    small: turns({ atOnce, perCaller: Math.ceil(atOnce / SHARES), ...WAITING }),
    large: turns(LARGE_TURNS),
  };
}

/**
 * @param registry - gets the gauge `manifest_turns`
 * @param all - the turns
 */
export function watchManifestTurns(registry: Registry, all: ManifestTurns): void {
  new Gauge({
    name: "manifest_turns",
    help: "Pushes of manifests that have their turn, and that wait for it",
    labelNames: ["size", "state"],
    registers: [registry],
    collect() {
      for (const size of ["small", "large"] as const)
        for (const [state, value] of Object.entries(all[size].count()))
          this.set({ size, state }, value);
    },
  });
}

/**
 * Waits for a turn when the request is a push of a manifest, before anything of it is read.
 *
 * @param all - the turns
 * @param request - any request
 * @param client - who asks, how the body is framed, and the answer that is waited for
 * @returns gives the turn back
 * @throws Fault as {@link Turns.take}
 */
export function manifestTurn(
  all: ManifestTurns,
  request: RegistryRequest,
  {
    subject,
    framing,
    res,
  }: { readonly subject: string; readonly framing: Framing; readonly res: ServerResponse },
): Promise<() => void> {
  if (request.kind !== "manifest.put-by-tag" && request.kind !== "manifest.put-by-digest")
    return Promise.resolve(() => undefined);
  const isSmall = framing.kind === "length" && framing.bytes <= SMALL_BYTES;
  return (isSmall ? all.small : all.large).take(subject, clientGone(res));
}
