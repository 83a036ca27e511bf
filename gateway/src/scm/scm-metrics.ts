import { Counter, Gauge, type Registry } from "prom-client";
import { SCM_ORIGINS, type ScmOrigin } from "./scm-source.js";

/** What is measured of sources. */
export interface ScmMetrics {
  readonly sources: Counter<"origin">;
  readonly waiting: Gauge;
}

/**
 * @param registry - where the metrics are kept
 * @returns them, every counter at 0
 */
export function scmMetrics(registry: Registry): ScmMetrics {
  const registers = [registry];
  const sources = new Counter<"origin">({
    name: "scm_sources_total",
    help: "SCM sources of images that became known to this gateway, by how",
    labelNames: ["origin" satisfies keyof { origin: ScmOrigin }],
    registers,
  });
  for (const origin of SCM_ORIGINS) sources.inc({ origin }, 0);
  const waiting = new Gauge({
    name: "scm_search_waiting",
    help: "Images that are still to be looked through for their SCM source",
    aggregator: "max",
    registers,
  });
  return { sources, waiting };
}
