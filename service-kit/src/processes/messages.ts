import type { MetricObject } from "./added-metrics.js";

/** How urgently a process is to end: `1` as on the first signal, `2` as on the second. */
export type Urgency = 1 | 2;

/** What the first process tells those that do the work. */
export type ToWorker =
  { readonly kind: "stop"; readonly urgency: Urgency } | { readonly kind: "metrics" };

/** What those that do the work tell the first process. */
export type FromWorker =
  { readonly kind: "up" } | { readonly kind: "metrics"; readonly metrics: MetricObject[] };

/**
 * @param message - what came from the other process
 * @param kinds - those that are expected
 * @returns whether it is one of ours: Node and libraries use the same channel
 */
export function isOfKind(message: unknown, kinds: readonly string[]): boolean {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  return typeof message.kind === "string" && kinds.includes(message.kind);
}
