import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { watchEventLoopDelay } from "./event-loop-delay.js";

/** Metrics that every service has, and the registry to add its own to. */
export interface ServiceMetrics {
  readonly registry: Registry;
  /** Answered requests by route kind (never by raw path), method and status. */
  readonly requests: Counter<"route" | "method" | "status">;
  /** Seconds from the request's first byte to the end of the answer. */
  readonly duration: Histogram<"route" | "method">;
  /** What listeners refused before any handler saw it. */
  readonly refusals: Counter<"listener" | "reason">;
  /** Shows how many connections a listener has from now on. */
  countConnections(listener: string, open: () => number): void;
}

/** Why a listener takes no further connection. */
const TURNED_AWAY = ["connections", "connections-of-source"];

/** @returns a fresh metrics registry with the process's and the HTTP server's metrics in it */
export function createMetrics(): ServiceMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  watchEventLoopDelay(registry);
  const listeners = new Map<string, () => number>();
  new Gauge({
    name: "listener_connections",
    help: "Connections of clients, those that are turned away left out",
    labelNames: ["listener"],
    registers: [registry],
    collect() {
      for (const [listener, open] of listeners) this.set({ listener }, open());
    },
  });
  const refusals = new Counter({
    name: "listener_refusals_total",
    help: "What listeners refused before any handler saw it, and clients that were given up",
    labelNames: ["listener", "reason"],
    registers: [registry],
  });
  return {
    registry,
    requests: new Counter({
      name: "http_requests_total",
      help: "HTTP requests answered",
      labelNames: ["route", "method", "status"],
      registers: [registry],
    }),
    duration: new Histogram({
      name: "http_request_duration_seconds",
      help: "Time from the request's head to the end of its answer",
      labelNames: ["route", "method"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers: [registry],
    }),
    refusals,
    countConnections: (listener, open) => {
      listeners.set(listener, open);
      // Who watches for growth sees none from nothing to one.
      for (const reason of TURNED_AWAY) refusals.inc({ listener, reason }, 0);
    },
  };
}
