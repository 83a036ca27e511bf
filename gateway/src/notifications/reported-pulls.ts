import { isIP } from "node:net";
import { z } from "zod";
import type { Database } from "#service-kit/db/pool.js";
import { pullCounts } from "../pulls/pull-counts.js";
import { announcePulls, type Announcing } from "../pulls/announce-pulls.js";
import type { Puller } from "../pulls/pull.js";
import { recordPulls } from "../pulls/sql/record-pulls.js";
import type { PullMetrics } from "../pulls/pull-metrics.js";
import type { HookMetrics } from "./notification-metrics.js";
import { settleNotifications, type ClaimedNotification } from "./sql/work-notifications.js";

/** What counting reported pulls needs. */
export interface ReportedPullDeps extends Announcing {
  readonly db: Database;
  readonly hookMetrics: HookMetrics;
  readonly pullMetrics: PullMetrics;
}

/**
 * Counts pulls that came to the registry past every gateway, each once.
 *
 * @param deps - ledger and metrics
 * @param events - pulls that the registry reports
 */
export async function recordReportedPulls(
  deps: ReportedPullDeps,
  events: readonly ClaimedNotification[],
): Promise<void> {
  const outcomes = new Map(events.map(({ id }) => [id, "counted"]));
  const settled = await deps.db.transaction(async (tx) => {
    const mine = await settleNotifications(tx, outcomes);
    const counts = pullCounts({ inAll: events.length, ofOne: events.length });
    for (const event of events.filter(({ id }) => mine.has(id))) {
      const { repository, tag, digest, receivedAt } = event;
      if (digest !== null) counts.add({ repository, tag, digest, ...pullerOf(event) }, receivedAt);
    }
    const pulls = counts.take(events.length);
    await recordPulls(tx, pulls);
    await announcePulls(tx, deps, pulls);
    return { events: mine.size, pulls };
  });
  deps.hookMetrics.handled.inc({ outcome: "counted" }, settled.events);
  for (const { tag, count } of settled.pulls)
    deps.pullMetrics.pulls.inc({ by: tag === null ? "digest" : "tag" }, count);
}

const text = z.string().catch("");
const pullerSchema = z.object({
  actor: z.object({ name: text }).catch({ name: "" }),
  request: z.object({ addr: text, useragent: text }).catch({ addr: "", useragent: "" }),
});

function pullerOf({ content }: ClaimedNotification): Puller {
  const { actor, request } = pullerSchema.parse(JSON.parse(content));
  const address = addressOf(request.addr);
  return { uid: actor.name, realm: "", kind: "registry", address, userAgent: request.useragent };
}

/**
 * @param peer - address, with a port where the registry saw the connection itself
 * @returns the address alone
 */
function addressOf(peer: string): string {
  if (isIP(peer) !== 0) return peer;
  return peer.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
