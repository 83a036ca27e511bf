import { clockWatch, type ClockWatch } from "#service-kit/clocks/clock-watch.js";
import { futureTimes } from "#service-kit/db/future-times.js";
import { databaseClock } from "#service-kit/db/time.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { BACKDATE_SECONDS } from "#service-kit/signing/sign-token.js";
import type { GatewayConfig } from "../config/config.js";
import type { Upstream } from "../upstream/upstream.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import { writtenTimes } from "./written-times.js";

/**
 * @param config - how far the token server's clock may be off, and how late the registry may be
 * @param deps - whose clocks are asked beside the token server's, which tells its own with its keys
 * @returns what compares them with the gateway's, and puts right what a wrong one wrote
 */
export function openClocks(
  config: Pick<GatewayConfig, "tokenLeewaySeconds" | "bounds">,
  deps: {
    readonly db: Database;
    readonly registry: { readonly upstream: Pick<Upstream, "clock"> };
    readonly log: Logger;
    readonly metrics: Pick<GatewayMetrics, "registry">;
  },
): Opened & { readonly clocks: ClockWatch } {
  const { db, registry, log, metrics } = deps;
  const sources = [
    databaseClock(db),
    { name: "the registry", read: () => registry.upstream.clock() },
  ];
  const own = { log, metrics, now: Date.now };
  const allowedSeconds = config.tokenLeewaySeconds + BACKDATE_SECONDS;
  const clocks = clockWatch("the gateway", sources, own, allowedSeconds);
  const written = futureTimes(writtenTimes(config.bounds), { db, log, metrics });
  return { clocks, parts: [clocks, written] };
}
