import type { RequestListener } from "node:http";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { isProbe } from "#service-kit/http/probe.js";
import { httpListener } from "#service-kit/http/server.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { strictTransport } from "#service-kit/tls/strict-transport.js";
import type { GatewayConfig } from "../config/config.js";
import { crossOrigin } from "../routes/cross-origin.js";
import { httpsRedirect } from "../routes/https-redirect.js";
import type { Certificate } from "./certificate.js";

const NOTIFICATION_IDLE_SECONDS = 60;

/**
 * @param config - where to listen, how much to bear and how to end
 * @param deps - log, metrics, and what answers clients and the registry's notifications
 * @returns the ports, the public one last
 */
export function openListeners(
  config: Pick<
    GatewayConfig,
    | ("host" | "port" | "metricsHost" | "metricsPort")
    | ("drainSeconds" | "idleSeconds" | "connections" | "notifications" | "corsOrigins")
    | ("tls" | "publicUrl")
  >,
  deps: {
    readonly log: Logger;
    readonly metrics: ServiceMetrics;
    readonly clients: RequestListener;
    readonly notifications: { readonly hooks: RequestListener };
    readonly certificate: Pick<Certificate, "serving" | "withoutTls">;
    /** Whether another process shows the metrics of this one. */
    readonly isWorker: boolean;
  },
): Opened {
  const { log, metrics, clients } = deps;
  const { hooks } = deps.notifications;
  const { host, port, drainSeconds, idleSeconds, connections, notifications } = config;
  const fromRegistry = {
    name: "notifications",
    host: notifications.host,
    port: notifications.port,
    drainSeconds,
    idleSeconds: NOTIFICATION_IDLE_SECONDS,
    connections: notifications.connections,
  };
  const { serving, withoutTls } = deps.certificate;
  const { strictTransportSeconds, redirectPort } = config.tls;
  const marks = [
    crossOrigin(config.corsOrigins).mark,
    strictTransport(strictTransportSeconds),
  ] as const;
  const mark: (typeof marks)[number] = (req, res) => {
    for (const each of marks) each(req, res);
  };
  const bounds = { drainSeconds, idleSeconds, connections, isEssential: isProbe, mark };
  const fromClients = { name: "public", host, port, tls: serving ?? undefined, ...bounds };
  const redirect = {
    log,
    metrics,
    publicUrl: config.publicUrl,
    httpsPort: port,
    parts: withoutTls,
  };
  const metricsAt = { host: config.metricsHost, port: config.metricsPort };
  return {
    parts: [
      ...(deps.isWorker ? [] : [metricsListener(metricsAt, metrics, log)]),
      httpListener(fromRegistry, hooks, { log, metrics }),
      ...(redirectPort === null
        ? []
        : [
            httpListener(
              {
                name: "redirect",
                host,
                port: redirectPort,
                drainSeconds,
                idleSeconds,
                connections,
              },
              httpsRedirect(redirect),
              { log, metrics },
            ),
          ]),
      httpListener(fromClients, clients, { log, metrics }),
    ],
  };
}
