import type { EnvReader } from "../config.js";
import type { ListeningPlace } from "../listening-places.js";
import type { ConnectionLimits } from "./connection-count.js";
import { bareAddress } from "./forwarded.js";
import { trustedPeers } from "./trusted-peers.js";

/** Where a service listens, and to whom. */
export interface ListenerConfig {
  readonly host: string;
  readonly port: number;
  readonly metricsHost: string;
  readonly metricsPort: number;
  /** Peers whose `X-Forwarded-*` headers count. */
  readonly trustedProxies: readonly string[];
  readonly connections: ConnectionLimits;
  /** How long `/ready` says that the process stops before it does. */
  readonly noticeSeconds: number;
  /** How long requests in flight may go on at shutdown. */
  readonly drainSeconds: number;
}

/**
 * @param read - reader that collects faults
 * @param defaults - where the service listens unless it is told otherwise
 * @returns where a service listens, and to whom
 */
export function readListenerConfig(
  read: EnvReader,
  defaults: { readonly host: string; readonly port: number; readonly metricsPort: number },
): ListenerConfig {
  const host = read.host("HOST", defaults.host, {
    meaning: "where to listen; the images have `HOST=0.0.0.0`",
    wanted: "address",
  });
  const trustedProxies = read.addressList("TRUSTED_PROXIES", "", {
    meaning:
      "peers whose `X-Forwarded-*` or `Forwarded`, and `X-Request-Id`, count; the token server believes gateways besides (`GATEWAY_TRUST_FILE`)",
    absent: "nobody",
  });
  return {
    host,
    port: read.port("PORT", defaults.port, "where to listen"),
    metricsHost: read.host("METRICS_HOST", host, {
      meaning: "where Prometheus finds `/metrics`",
      wanted: "address",
      absent: "as `HOST`",
    }),
    metricsPort: read.port("METRICS_PORT", defaults.metricsPort, "Prometheus endpoint `/metrics`"),
    trustedProxies,
    connections: readConnectionLimits(read, trustedProxies),
    noticeSeconds: read.integer(
      "SHUTDOWN_DELAY_SECONDS",
      5,
      { min: 0, max: 900 },
      "how long after SIGTERM `/ready` is 503 before the port is closed: longer than a load balancer takes to notice",
    ),
    drainSeconds: read.integer(
      "DRAIN_SECONDS",
      30,
      { min: 0, max: 900 },
      "how long requests in flight may go on after that",
    ),
  };
}

/**
 * Two listeners of one service on one port: one of them would not start, or, with other addresses, be reached by what is
 * meant for the other.
 *
 * @param read - reader that collects faults
 * @param places - all that a service listens on
 */
export function refuseSamePorts(read: EnvReader, places: readonly ListeningPlace[]): void {
  for (const [index, { variables, port }] of places.entries()) {
    const other = places.slice(0, index).find((before) => before.port === port && port !== 0);
    if (other !== undefined)
      read.fault(variables.port, `given "${port}" as ${other.variables.port}, wanted another port`);
  }
}

/**
 * @param config - where a service listens
 * @returns its places, with the variables that say so
 */
export function usualPlaces({
  host,
  port,
  metricsHost,
  metricsPort,
}: Pick<
  ListenerConfig,
  "host" | "port" | "metricsHost" | "metricsPort"
>): readonly ListeningPlace[] {
  const metrics = metricsHost === host ? "HOST" : "METRICS_HOST";
  return [
    { variables: { host: "HOST", port: "PORT" }, host, port },
    { variables: { host: metrics, port: "METRICS_PORT" }, host: metricsHost, port: metricsPort },
  ];
}

function readConnectionLimits(
  read: EnvReader,
  trustedProxies: readonly string[],
): ConnectionLimits {
  const isTrusted = trustedPeers(trustedProxies);
  return {
    inAll: read.integer(
      "MAX_CONNECTIONS",
      2_048,
      { min: 16, max: 1_000_000 },
      "most connections of clients; idle ones give way, then 503 (docs/limits.md)",
    ),
    // A whole cluster behind one address that pulls at once makes some hundreds.
    perSource: read.integer(
      "MAX_CONNECTIONS_PER_SOURCE",
      512,
      { min: 4, max: 1_000_000 },
      "the same from one IPv4 address or one /64 of IPv6 that `TRUSTED_PROXIES` does not name; then 429",
    ),
    isTrusted: (peer) => isTrusted(bareAddress(peer ?? "") ?? ""),
  };
}
