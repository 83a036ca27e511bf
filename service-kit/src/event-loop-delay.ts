import { monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";

/** How often it is looked whether the event loop comes round in time; what the monitor counts on top is no delay. */
const RESOLUTION_MILLISECONDS = 10;

/**
 * Shows how long the event loop was kept from what waited for it since metrics were read last: whatever blocks
 * it is felt by every request in the process.
 *
 * @param registry - gets the gauge `event_loop_delay_seconds`
 */
export function watchEventLoopDelay(registry: Registry): void {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
  monitor.enable();
  const seconds = (nanoseconds: number) =>
    Math.max(0, nanoseconds / 1e9 - RESOLUTION_MILLISECONDS / 1e3);
  new Gauge({
    name: "event_loop_delay_seconds",
    help: "How late the event loop came round since the metrics were read last, at percentile 50 and 99, and at most",
    aggregator: "max",
    labelNames: ["at"],
    registers: [registry],
    collect() {
      const { count } = monitor;
      this.set({ at: "p50" }, count === 0 ? 0 : seconds(monitor.percentile(50)));
      this.set({ at: "p99" }, count === 0 ? 0 : seconds(monitor.percentile(99)));
      this.set({ at: "max" }, count === 0 ? 0 : seconds(monitor.max));
      monitor.reset();
    },
  });
}
