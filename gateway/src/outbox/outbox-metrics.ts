import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Backlog } from "./sql/backlog.js";

const OUTCOMES = ["delivered", "failed", "dead"] as const;

/** How an attempt or a delivery ended; one that is dead was a failed attempt, too. */
export type DeliveryOutcome = (typeof OUTCOMES)[number];

/** What is measured of deliveries. */
export interface DeliveryMetrics {
  /** An attempt ended; seconds only of those that asked the sink. */
  ended(sink: string, outcome: DeliveryOutcome, seconds?: number): void;
  /** What waits in all queues, also of other replicas. */
  backlog(backlogs: readonly Backlog[]): void;
  /** Which sinks are stopped. */
  stopped(sinks: readonly string[]): void;
}

/**
 * @param registry - where the metrics are kept
 * @param sinks - names of the sinks, whose counters begin at zero
 * @returns what takes note of deliveries
 */
export function deliveryMetrics(registry: Registry, sinks: readonly string[]): DeliveryMetrics {
  const registers = [registry];
  const deliveries = new Counter<"sink" | "outcome">({
    name: "event_deliveries_total",
    help: "Attempts to deliver events, and events given up (dead), by sink",
    labelNames: ["sink", "outcome"],
    registers,
  });
  for (const sink of sinks) for (const outcome of OUTCOMES) deliveries.inc({ sink, outcome }, 0);
  const duration = new Histogram<"sink">({
    name: "event_delivery_duration_seconds",
    help: "Time that sinks took to answer",
    labelNames: ["sink"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const gauge = (name: string, help: string) =>
    new Gauge<"sink">({ name, help, labelNames: ["sink"], registers, aggregator: "max" });
  const waiting = gauge("event_backlog", "Events that wait for their delivery");
  const age = gauge("event_backlog_age_seconds", "Age of the oldest event that waits");
  const dead = gauge("event_dead", "Events that were given up and neither replayed nor discarded");
  const stopped = gauge(
    "event_sink_stopped",
    "1 while a sink has said that it wants no more events",
  );
  const showStopped = (names: readonly string[]) => {
    for (const sink of sinks) stopped.set({ sink }, names.includes(sink) ? 1 : 0);
  };
  showStopped([]);
  return {
    stopped: showStopped,
    ended: (sink, outcome, seconds) => {
      deliveries.inc({ sink, outcome });
      if (seconds !== undefined) duration.observe({ sink }, seconds);
    },
    backlog: (backlogs) => {
      for (const each of [waiting, age, dead]) each.reset();
      for (const { sink, ...counts } of backlogs) {
        waiting.set({ sink }, counts.waiting);
        age.set({ sink }, counts.oldestSeconds ?? 0);
        dead.set({ sink }, counts.dead);
      }
    },
  };
}
