import { Counter, Gauge } from "prom-client";
import { createMetrics, type ServiceMetrics } from "#service-kit/metrics.js";
import { hookMetrics, type HookMetrics } from "../notifications/notification-metrics.js";
import { pullMetrics, type PullMetrics } from "../pulls/pull-metrics.js";
import { growthMetrics } from "../ledger/growth-metrics.js";
import {
  PUSH_OUTCOMES,
  type PushCounts,
  type PushOutcome,
  type PushStep,
} from "../ledger/push-counts.js";

/** The gateway's own metrics beside those that every service has. */
export interface GatewayMetrics extends ServiceMetrics {
  /** Told of what pushes do. */
  readonly counts: Omit<PushCounts, "source">;
  readonly hookMetrics: HookMetrics;
  readonly pullMetrics: PullMetrics;
  readonly readOnly: Gauge;
  /** @returns what is told how many of a kind the registry has not carried out as the ledger says, and never will by itself */
  readonly overdue: (kind: "tag" | "manifest") => (count: number) => void;
}

/** @returns a fresh registry with all of the gateway's metrics in it */
export function gatewayMetrics(): GatewayMetrics {
  const metrics = createMetrics();
  const registers = [metrics.registry];
  const pushes = new Counter<"outcome">({
    name: "tag_pushes_total",
    help: "Pushes of tags by how they ended",
    labelNames: ["outcome" satisfies keyof { outcome: PushOutcome }],
    registers,
  });
  // Who watches for growth sees none from nothing to one.
  for (const outcome of PUSH_OUTCOMES) pushes.inc({ outcome }, 0);
  const steps = new Counter<"step">({
    name: "tag_push_steps_total",
    help: "Steps of the push protocol",
    labelNames: ["step" satisfies keyof { step: PushStep }],
    registers,
  });
  const overdue = new Gauge<"kind">({
    name: "registry_writes_overdue",
    help: "Writes that the registry has not answered, of which nothing more is to come, and which are still not put right",
    aggregator: "max",
    labelNames: ["kind"],
    registers,
  });
  return {
    ...metrics,
    counts: {
      outcome: (outcome) => {
        pushes.inc({ outcome });
      },
      step: (step) => {
        steps.inc({ step });
      },
      growth: growthMetrics(metrics.registry, Date.now),
    },
    hookMetrics: hookMetrics(metrics.registry),
    pullMetrics: pullMetrics(metrics.registry),
    overdue: (kind) => (count) => {
      overdue.set({ kind }, count);
    },
    readOnly: new Gauge({
      name: "gateway_read_only",
      help: "1 while pushes are refused because the gateways are read-only",
      aggregator: "max",
      registers,
    }),
  };
}
