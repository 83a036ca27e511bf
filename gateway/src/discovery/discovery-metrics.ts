import { Counter, Gauge, type Registry } from "prom-client";
import type { PassSummary } from "./tally.js";

/** How a pass ended: all well, something wrong found, or not carried through. */
export type PassOutcome = "clean" | "absent" | "drift" | "incomplete" | "errors" | "failed";

/** What is measured of discovery. */
export interface DiscoveryMetrics {
  /** A pass of this gateway that ended. */
  passed(summary: PassSummary): void;
  /** A pass that could not be made. */
  failed(): void;
  /** Tags and manifests that are wrong now, whoever found that. */
  marked(wrong: {
    readonly missing: number;
    readonly drifted: number;
    readonly incomplete: number;
  }): void;
}

/**
 * @param registry - where the metrics are kept
 * @param now - current time in milliseconds
 * @returns what takes note of passes
 */
export function discoveryMetrics(registry: Registry, now: () => number): DiscoveryMetrics {
  const registers = [registry];
  const passes = new Counter<"outcome">({
    name: "discovery_passes_total",
    help: "Comparisons of the ledger with the registry by how they ended",
    labelNames: ["outcome" satisfies keyof { outcome: PassOutcome }],
    registers,
  });
  const tags = new Counter<"change">({
    name: "discovery_tags_total",
    help: "Tags that discovery adopted, found missing, found drifted or repaired",
    labelNames: ["change"],
    registers,
  });
  const wrong = new Gauge<"state">({
    name: "discovery_tags_wrong",
    help: "Tags that are missing at the registry or mean something else there",
    aggregator: "max",
    labelNames: ["state"],
    registers,
  });
  const manifests = new Gauge<"state">({
    name: "discovery_manifests_wrong",
    help: "Manifests of which the registry lacks a part",
    aggregator: "max",
    labelNames: ["state"],
    registers,
  });
  const seconds = new Gauge({
    name: "discovery_pass_seconds",
    help: "Duration of the last pass of this gateway",
    aggregator: "max",
    registers,
  });
  const success = new Gauge({
    name: "discovery_last_success_timestamp_seconds",
    help: "When this gateway last made a pass without an error",
    aggregator: "max",
    registers,
  });
  return {
    passed: (summary) => {
      passes.inc({ outcome: outcomeOf(summary) });
      for (const change of ["adopted", "missing", "drifted", "repaired"] as const)
        tags.inc({ change }, summary[change]);
      seconds.set(summary.seconds);
      if (summary.errors === 0) success.set(now() / 1000);
    },
    failed: () => {
      passes.inc({ outcome: "failed" satisfies PassOutcome });
    },
    marked: (counts) => {
      for (const state of ["missing", "drifted"] as const) wrong.set({ state }, counts[state]);
      manifests.set({ state: "missing-blob" }, counts.incomplete);
    },
  };
}

function outcomeOf(summary: PassSummary): PassOutcome {
  const { errors, driftLeft, absentLeft, incompleteLeft } = summary;
  if (errors > 0) return "errors";
  if (driftLeft > 0) return "drift";
  if (incompleteLeft > 0) return "incomplete";
  return absentLeft > 0 ? "absent" : "clean";
}
