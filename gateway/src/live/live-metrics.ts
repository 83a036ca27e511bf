import { Counter, Gauge, type Registry } from "prom-client";

/** Why a stream of events ended. `client`: who read it has gone; `login`: the token's time was over. */
export const STREAM_ENDS = ["client", "login", "slow", "stopping", "refused"] as const;
/** One of them; `refused`: it has not begun. */
export type StreamEnd = (typeof STREAM_ENDS)[number];

/** What is measured of streams. */
export interface LiveMetrics {
  open(count: number): void;
  ended(reason: StreamEnd): void;
}

/**
 * @param registry - where the metrics are kept
 * @returns what takes note of streams
 */
export function liveMetrics(registry: Registry): LiveMetrics {
  const registers = [registry];
  const open = new Gauge({
    name: "live_streams",
    help: "Streams of events that are open",
    registers,
  });
  const ended = new Counter<"reason">({
    name: "live_streams_ended_total",
    help: "Streams of events by why they ended, or were refused",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of STREAM_ENDS) ended.inc({ reason }, 0);
  return {
    open: (count) => {
      open.set(count);
    },
    ended: (reason) => {
      ended.inc({ reason });
    },
  };
}
