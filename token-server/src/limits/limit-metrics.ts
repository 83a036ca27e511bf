import { Counter, type Registry } from "prom-client";
import type { LimitReportDeps } from "./limit-report.js";

/**
 * @param registry - where metrics are kept
 * @returns counters of what the limits on logins did
 */
export function limitMetrics(registry: Registry): Pick<LimitReportDeps, "countHit" | "countLock"> {
  const labelNames = ["reason"] as const;
  const hits = new Counter({
    name: "login_limit_hits_total",
    help: "Logins that were refused for failures of before, by whose limit it was",
    labelNames,
    registers: [registry],
  });
  const locks = new Counter({
    name: "login_limit_locks_total",
    help: "Addresses and accounts that came to their limit",
    labelNames,
    registers: [registry],
  });
  // Who watches for growth sees none from nothing to one.
  for (const reason of ["source", "account", "undecided"]) locks.inc({ reason }, 0);
  return {
    countHit: (reason) => {
      hits.inc({ reason });
    },
    countLock: (reason) => {
      locks.inc({ reason });
    },
  };
}
