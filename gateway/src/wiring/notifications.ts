import type { Express } from "express";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { GatewayConfig } from "../config/config.js";
import type { DriftDeps } from "../drift/note-drift.js";
import {
  notificationWorker,
  type NotificationWorker,
} from "../notifications/notification-worker.js";
import { hookRoutes, type HookRouteDeps } from "../notifications/routes.js";
import type { Upstream } from "../upstream/upstream.js";
import type { Events } from "./events.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import { tagDigest } from "../upstream/tag-digest.js";

/** What looking at what was reported needs. */
export interface NotificationParts {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly policy: TagPolicy;
  readonly registry: { readonly upstream: Upstream };
  readonly discovery: Pick<DriftDeps, "repair">;
  readonly events: Pick<Events, "sinks" | "wake">;
  readonly metrics: GatewayMetrics;
}

/**
 * @param repairs - whether drifted tags are put back
 * @param parts - ledger, audit log, rules, registry, and where pulls are announced
 * @param milliseconds - how often it looks when nobody wakes it; absent: as always
 * @returns what looks at what the registry reported
 */
export function openNotificationWorker(
  repairs: boolean,
  parts: NotificationParts,
  milliseconds?: number,
): NotificationWorker {
  const { db, log, audit, policy } = parts;
  const { upstream } = parts.registry;
  const { repair } = parts.discovery;
  const { sinks, wake: announced } = parts.events;
  const { hookMetrics, pullMetrics } = parts.metrics;
  const upstreamDigest = tagDigest(upstream);
  const tags = { db, log, audit, policy, repair, repairs, upstreamDigest };
  const pulls = { db, sinks, announced, hookMetrics, pullMetrics };
  return notificationWorker({ db, log, hookMetrics, tags, pulls }, milliseconds);
}

/**
 * @param config - who may report by what secret, and whether drifted tags are put back
 * @param parts - as {@link openNotificationWorker}
 * @returns the routes where the registry reports, and what looks at it
 */
export function openNotifications(
  config: Pick<GatewayConfig, "notifications" | "discovery">,
  parts: NotificationParts,
): Opened & { readonly hooks: Express } {
  const worker = openNotificationWorker(config.discovery.repair, parts);
  return { hooks: openHooks(config.notifications, parts, worker.wake), parts: [worker] };
}

/**
 * @param from - who may report, by what secret
 * @param deps - where what is reported is kept
 * @param notified - told when there is something to look at
 * @returns the routes where the registry reports
 */
export function openHooks(
  { allowed, secrets }: Pick<HookRouteDeps, "allowed" | "secrets">,
  { db, log, metrics }: Pick<NotificationParts, "db" | "log" | "metrics">,
  notified: () => void,
): Express {
  const { hookMetrics } = metrics;
  return hookRoutes({ db, log, metrics, hookMetrics, allowed, secrets, notified });
}
