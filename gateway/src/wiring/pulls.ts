import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { pullRecorder, type PullRecorder } from "../pulls/pull-recorder.js";
import type { Events } from "./events.js";
import type { GatewayMetrics } from "./gateway-metrics.js";

/**
 * @param keepDays - days after which who pulled is forgotten
 * @param deps - ledger, and where pulls are announced; `now`, the current time in milliseconds, in tests alone
 * @returns what takes note of pulls
 */
export function openPulls(
  keepDays: number,
  deps: {
    readonly db: Database;
    readonly audit: RecordAudit;
    readonly log: Logger;
    readonly metrics: Pick<GatewayMetrics, "pullMetrics">;
    readonly events: Pick<Events, "sinks" | "wake">;
    readonly now?: () => number;
  },
): Opened & { readonly recorder: PullRecorder } {
  const { db, audit, log, events, metrics, now = Date.now } = deps;
  const { pullMetrics } = metrics;
  const { sinks, wake: announced } = events;
  const recorder = pullRecorder({ db, audit, log, pullMetrics, keepDays, now, sinks, announced });
  return { recorder, parts: [recorder] };
}
