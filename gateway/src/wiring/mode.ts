import { randomBytes } from "node:crypto";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { modeFollower } from "../mode/follow-mode.js";
import { writeGate, type WriteGate } from "../mode/write-gate.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import type { Store } from "./store.js";

/**
 * @param name - host and port of this gateway; others may have the same
 * @param deps - where the mode stands
 * @returns what lets writes pass, or refuses them while the gateways are read-only
 */
export function openMode(
  name: string,
  {
    store: { db, heard },
    log,
    metrics,
  }: {
    readonly store: Pick<Store, "db"> & { readonly heard: Pick<Store["heard"], "on"> };
    readonly log: Logger;
    readonly metrics: { readonly readOnly: Pick<GatewayMetrics["readOnly"], "set"> };
  },
): Opened & { readonly writes: WriteGate } {
  const writes = writeGate();
  const follower = modeFollower({
    db,
    log,
    heard,
    gate: writes,
    name: `${name}/${randomBytes(4).toString("hex")}`,
    note: (mode) => {
      metrics.readOnly.set(mode === "read-only" ? 1 : 0);
    },
  });
  return { writes, parts: [follower] };
}
