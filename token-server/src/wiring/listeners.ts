import type { Tally } from "#audit-log/tally.js";
import { noteRefusals } from "#audit-log/refused-requests.js";
import type { Routed } from "#service-kit/http/entry.js";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { isProbe } from "#service-kit/http/probe.js";
import { httpListener } from "#service-kit/http/server.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { Traces } from "#service-kit/trace.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TokenServerConfig } from "../config/config.js";
import { tokenServerRoutes } from "../routes/routes.js";
import type { Certificate } from "./certificate.js";
import type { FollowedOrigin } from "./request-origin.js";

const IDLE_SECONDS = 60;

/**
 * @param config - where to listen, how much to bear and how to end
 * @param deps - log, metrics, traces, and where requests are from
 * @param opened - all that has routes, in the order in which they are asked
 * @returns the ports, the public one last
 */
export function openListeners(
  config: Pick<
    TokenServerConfig,
    "host" | "port" | "metricsHost" | "metricsPort" | "drainSeconds" | "connections"
  >,
  deps: {
    readonly log: Logger;
    readonly metrics: ServiceMetrics;
    readonly records: { readonly tally: Pick<Tally, "note"> };
    readonly traces: Traces | null;
    readonly requests: Pick<FollowedOrigin, "origin">;
    readonly certificate: Pick<Certificate, "serving">;
  },
  opened: readonly Routed[],
): Opened {
  const { log, metrics, records, traces, requests } = deps;
  const refused = noteRefusals(records.tally);
  const { host, port, drainSeconds, connections } = config;
  const clients = tokenServerRoutes(
    { log, metrics, refused, traces, origin: requests.origin },
    opened,
  );
  const tls = deps.certificate.serving ?? undefined;
  const bounds = { drainSeconds, idleSeconds: IDLE_SECONDS, connections, isEssential: isProbe };
  return {
    parts: [
      metricsListener({ host: config.metricsHost, port: config.metricsPort }, metrics, log),
      httpListener({ name: "public", host, port, tls, ...bounds }, clients, { log, metrics }),
    ],
  };
}
