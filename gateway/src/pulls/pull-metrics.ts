import { Counter, Gauge, type Registry } from "prom-client";

/** What is measured of pulls. */
export interface PullMetrics {
  readonly pulls: Counter<"by">;
  readonly dropped: Counter;
  readonly waiting: Gauge;
}

/**
 * @param registry - where the metrics are kept
 * @returns the metrics, at zero
 */
export function pullMetrics(registry: Registry): PullMetrics {
  const registers = [registry];
  return {
    pulls: new Counter<"by">({
      name: "image_pulls_total",
      help: "Pulls on record, by what was asked for",
      labelNames: ["by" satisfies keyof { by: "tag" | "digest" }],
      registers,
    }),
    dropped: new Counter({
      name: "image_pulls_dropped_total",
      help: "Pulls that are not on record, since too many waited for the database",
      registers,
    }),
    waiting: new Gauge({
      name: "image_pulls_waiting",
      help: "Different pulls that are not in the database yet",
      registers,
    }),
  };
}
