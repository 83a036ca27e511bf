import { recordAudit, type RecordAudit } from "#audit-log/record-audit.js";
import type { ClockWatch } from "#service-kit/clocks/clock-watch.js";
import type { Database } from "#service-kit/db/pool.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { GatewayConfig } from "../config/config.js";
import type { Sink } from "../events/sink.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import { countingGrowth } from "../ledger/growth-metrics.js";
import { withTagGrounds } from "../ledger/with-tag-grounds.js";
import { announcing } from "../outbox/announcing.js";
import { dispatcher } from "../outbox/dispatcher.js";
import { deliveryMetrics } from "../outbox/outbox-metrics.js";
import { openedSinks, openSinks } from "../sinks/open-sinks.js";

const SECONDS_PER_HOUR = 3_600;
const NO_CLOCK = "no other clock has said yet whether the gateway's is right";

/** The way of an event from the ledger to its sinks. */
export interface Events extends Opened {
  readonly sinks: readonly Sink[];
  /** Says that there is something to deliver. */
  readonly wake: () => void;
  /** Writes the audit log, and announces what it says in the same transaction. */
  readonly audit: RecordAudit;
  /** To be started before and stopped after everything that announces. */
}

/**
 * @param config - sinks, and how long events are kept
 * @param deps - ledger, log, metrics, rules for tags, and whether the own clock is right
 * @returns the way of an event
 */
export function openEvents(
  config: Pick<GatewayConfig, "events" | "outbox" | "proxies">,
  deps: {
    readonly db: Database;
    readonly log: Logger;
    readonly metrics: GatewayMetrics;
    readonly clocks: Pick<ClockWatch, "comparison" | "doubt">;
    /** Rules for tags, which entries name. */
    readonly policy: TagPolicy;
  },
): Events {
  const { db, log, metrics, clocks, policy } = deps;
  const connections = outgoing(config.proxies);
  const sinks = openSinks(config.events, connections);
  const outbox = dispatcher(
    {
      db,
      log,
      metrics: deliveryMetrics(
        metrics.registry,
        sinks.map(({ name }) => name),
      ),
      now: Date.now,
      random: Math.random,
      giveUpSeconds: config.outbox.retryHours * SECONDS_PER_HOUR,
      // What is signed says when: receivers refuse what comes from another time, and never get it again.
      heldBack: () => (clocks.comparison().others === 0 ? NO_CLOCK : clocks.doubt()),
    },
    { sinks, keepDays: config.outbox.keepDays },
  );
  return {
    sinks,
    wake: outbox.wake,
    audit: countingGrowth(
      announcing(withTagGrounds(recordAudit, policy), sinks, outbox.wake),
      metrics.counts.growth,
    ),
    parts: [openedSinks(sinks, { connections, proxies: config.proxies }, log), outbox],
  };
}
