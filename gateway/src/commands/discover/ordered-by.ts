import type { AuditAction } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import type { PassSummary } from "../../discovery/tally.js";
import type { DiscoverCommand } from "./options.js";

/** Puts on record what somebody orders that gateways do not do by themselves. */
export interface Ordered {
  begun(): Promise<void>;
  /** @param summary - what came of it; `null`: it was not done, since another pass was under way */
  ended(summary: PassSummary | null): Promise<void>;
}

/**
 * Each tag that changes by it has an entry of its own, which names no person.
 *
 * @param deps - audit log
 * @param command - what is ordered, and by whom
 * @returns what puts it on record, before and after; nothing where nobody has ordered it
 */
export function orderedBy(
  { db, audit }: { readonly db: Database; readonly audit: RecordAudit },
  { by, repair, slice, taking, place, hidden }: DiscoverCommand,
): Ordered {
  const reason = repair ? "repair" : "accept-registry";
  const record = async (action: AuditAction, detail: Readonly<Record<string, unknown>>) => {
    if (by === null) return;
    const entry = { action, actor: by, repository: null, tag: null, digest: null, reason, detail };
    await db.transaction((tx) => audit(tx, entry));
  };
  return {
    begun: () =>
      record("discovery.begun", {
        ...{ of: slice ? "slice" : "all", hidden, storage: place !== null },
        ...(taking === null ? {} : { since: taking.since }),
      }),
    ended: (summary) =>
      record("discovery.ended", summary === null ? { done: false } : told(summary)),
  };
}

function told({ adopted, taken, repaired, driftLeft, missing, errors, seconds }: PassSummary) {
  return { done: true, adopted, taken, repaired, driftLeft, missing, errors, seconds };
}
