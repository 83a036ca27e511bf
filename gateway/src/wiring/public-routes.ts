import type { RequestListener } from "node:http";
import type { Tally } from "#audit-log/tally.js";
import { noteRefusals } from "#audit-log/refused-requests.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import type { Routed } from "#service-kit/http/entry.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { Traces } from "#service-kit/trace.js";
import type { GatewayConfig } from "../config/config.js";
import { crossOrigin } from "../routes/cross-origin.js";
import { gatewayRoutes } from "../routes/routes.js";

/**
 * @param config - which proxies' word counts, the origin that clients use, and those whose pages may read
 * @param deps - log, metrics and traces
 * @param opened - all that has routes, in the order in which they are asked
 * @returns every public route
 */
export function openPublicRoutes(
  config: Pick<GatewayConfig, "trustedProxies" | "publicUrl" | "corsOrigins">,
  deps: {
    readonly log: Logger;
    readonly metrics: ServiceMetrics;
    readonly records: { readonly tally: Pick<Tally, "note"> };
    readonly traces?: Traces | null;
  },
  opened: readonly Routed[],
): RequestListener {
  const { log, metrics, records, traces = null } = deps;
  const client = clientReader(config.trustedProxies, { log, now: Date.now });
  const { publicUrl } = config;
  const refused = noteRefusals(records.tally);
  return gatewayRoutes(
    {
      log,
      metrics,
      refused,
      traces,
      client,
      publicUrl,
      crossOrigin: crossOrigin(config.corsOrigins),
    },
    opened,
  );
}
