import type { Logger } from "../log.js";
import type { ServiceMetrics } from "../metrics.js";
import { httpListener, type HttpListener } from "./server.js";

/** Some Prometheus servers and whoever looks by hand. */
export const METRICS_CONNECTIONS = { inAll: 64, perSource: 16, isTrusted: () => false };

/**
 * Prometheus' endpoint, on a port of its own so that the public one does not show it.
 *
 * @param address - where to listen
 * @param metrics - what to show: its `text`, where it has one
 * @param log - where the port is told
 * @returns the listener; answers `GET /metrics` and nothing else
 */
export function metricsListener(
  address: { host: string; port: number },
  metrics: ServiceMetrics & { readonly text?: () => Promise<string> },
  log: Logger,
): HttpListener {
  const { registry, text = () => registry.metrics() } = metrics;
  const timing = { drainSeconds: 1, idleSeconds: 60 };
  return httpListener(
    {
      name: "metrics",
      ...address,
      ...timing,
      connections: METRICS_CONNECTIONS,
      isEssential: () => true,
    },
    (req, res) => {
      if (req.method !== "GET" || req.url !== "/metrics") {
        res.writeHead(404, { "Content-Length": 0 }).end();
        return;
      }
      void text().then(
        (shown) => {
          res.writeHead(200, { "Content-Type": registry.contentType }).end(shown);
        },
        (error: unknown) => {
          log.error({ event: "metrics.failed", err: error });
          res.writeHead(500, { "Content-Length": 0 }).end();
        },
      );
    },
    { log, metrics },
  );
}
