import { Gauge, type Registry } from "prom-client";
import type { StorageState } from "./storage-state.js";

/**
 * @param registry - gets the metric
 * @returns what is told of the storage whenever it was looked at
 */
export function storageMetrics(registry: Registry): (state: StorageState) => void {
  const right = new Gauge({
    name: "registry_storage_right",
    help: "1 while the registry has the storage that the ledger knows; else nothing may be pushed",
    aggregator: "min",
    registers: [registry],
  });
  return ({ kind }) => {
    right.set(kind === "right" ? 1 : 0);
  };
}
