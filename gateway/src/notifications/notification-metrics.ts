import { Counter, Gauge, type Registry } from "prom-client";
import type { EventAction } from "./envelope.js";

/** What came of an event of the registry. */
export type NotificationOutcome =
  | "nothing to do"
  | "known"
  | "in progress"
  | "gone"
  | "deleted here"
  | "adopted"
  | "drifted"
  | "unreadable"
  | "counted"
  | "given up";

/** What is measured of the registry's notifications. */
export interface HookMetrics {
  readonly received: Counter<"action">;
  readonly dead: Counter;
  readonly duplicates: Counter;
  /** Events of requests that gateways made themselves, or that say nothing; not kept. */
  readonly skipped: Counter;
  readonly handled: Counter<"outcome">;
  readonly waiting: Gauge;
  readonly oldestSeconds: Gauge;
}

/**
 * @param registry - where the metrics are kept
 * @returns the metrics, at zero
 */
export function hookMetrics(registry: Registry): HookMetrics {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, registers, aggregator: "max" });
  return {
    received: new Counter<"action">({
      name: "registry_notifications_total",
      help: "Events received from the registry",
      labelNames: ["action" satisfies keyof { action: EventAction }],
      registers,
    }),
    dead: counter("registry_notifications_dead_total", "Notifications that were not understood"),
    duplicates: counter(
      "registry_notifications_duplicate_total",
      "Events that the registry had sent before",
    ),
    skipped: counter(
      "registry_notifications_skipped_total",
      "Pulls reported by the registry that gateways saw themselves or that fetched nothing",
    ),
    handled: new Counter<"outcome">({
      name: "registry_notifications_handled_total",
      help: "Events of the registry by what came of them",
      labelNames: ["outcome" satisfies keyof { outcome: NotificationOutcome }],
      registers,
    }),
    waiting: gauge("registry_notifications_waiting", "Events of the registry not handled yet"),
    oldestSeconds: gauge(
      "registry_notifications_oldest_seconds",
      "Age of the oldest event of the registry that waits",
    ),
  };
}
