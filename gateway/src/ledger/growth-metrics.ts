import { Counter, Gauge, type Registry } from "prom-client";
import type { AuditEntry } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { repositoryGrowth } from "./repository-growth.js";

/** Told of what goes into the database for a repository, in bytes. */
export type CountGrowth = (repository: string | null, bytes: number) => void;

/** What stands for all repositories that are not named. */
const OTHERS = "";

/**
 * @param registry - where the metrics are kept
 * @param now - current time in milliseconds
 * @returns what takes note of manifests and audit entries of this gateway
 */
export function growthMetrics(registry: Registry, now: () => number): CountGrowth {
  const growth = repositoryGrowth(now);
  const registers = [registry];
  const all = new Counter({
    name: "ledger_growth_bytes_total",
    help: "Bytes of manifests and audit entries that this gateway put on record",
    registers,
  });
  new Gauge<"repository">({
    name: "ledger_repository_growth_bytes",
    help: "The same within the last hour, of the repositories with most of it; without a name, of all others",
    labelNames: ["repository"],
    registers,
    collect() {
      const { repositories, others } = growth.shown();
      this.reset();
      for (const [repository, bytes] of repositories) this.set({ repository }, bytes);
      this.set({ repository: OTHERS }, others);
    },
  });
  return (repository, bytes) => {
    all.inc(bytes);
    growth.add(repository, bytes);
  };
}

/**
 * @param audit - writes the audit log
 * @param grown - told how much
 * @returns writes the audit log, too
 */
export function countingGrowth(audit: RecordAudit, grown: CountGrowth): RecordAudit {
  return async (tx: Queryable, entry: AuditEntry) => {
    await audit(tx, entry);
    grown(entry.repository, Buffer.byteLength(JSON.stringify(entry)));
  };
}
