import { Counter, Gauge } from "prom-client";
import { createMetrics, type ServiceMetrics } from "#service-kit/metrics.js";
import type { PushOutcome } from "./ledger/push-tag.js";
import type { PushStep } from "./ledger/settle.js";

/** The gateway's own metrics beside those that every service has. */
export interface GatewayMetrics extends ServiceMetrics {
  readonly pushes: Counter<"outcome">;
  readonly pushSteps: Counter<"step">;
  readonly notifications: Counter<"action">;
  readonly readOnly: Gauge;
}

/** @returns a fresh registry with all of the gateway's metrics in it */
export function gatewayMetrics(): GatewayMetrics {
  const metrics = createMetrics();
  const registers = [metrics.registry];
  return {
    ...metrics,
    pushes: new Counter<"outcome">({
      name: "tag_pushes_total",
      help: "Pushes of tags by how they ended",
      labelNames: ["outcome" satisfies keyof { outcome: PushOutcome }],
      registers,
    }),
    pushSteps: new Counter<"step">({
      name: "tag_push_steps_total",
      help: "Steps of the push protocol",
      labelNames: ["step" satisfies keyof { step: PushStep }],
      registers,
    }),
    notifications: new Counter<"action">({
      name: "registry_notifications_total",
      help: "Events received from the registry",
      labelNames: ["action"],
      registers,
    }),
    readOnly: new Gauge({
      name: "gateway_read_only",
      help: "1 while pushes are refused because the gateways are read-only",
      registers,
    }),
  };
}
