import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { GatewayConfig } from "../config/config.js";
import { liveFeed, type LiveFeed } from "../live/live-feed.js";
import { liveMetrics } from "../live/live-metrics.js";
import { liveStreams, type LiveStreams, type StreamLimits } from "../live/live-streams.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import type { Ledger } from "./ledger.js";

const MOST_HEARTBEAT_SECONDS = 15;

/** What happens, for whoever follows it. */
export interface Live extends Opened {
  readonly feed: LiveFeed;
  readonly streams: LiveStreams;
  /** How long a stream says nothing, in milliseconds. */
  readonly heartbeatMilliseconds: number;
  /** For how many days what happened is kept. */
  readonly keepDays: number;
}

/**
 * @param config - how long connections may be silent, and events are kept
 * @param deps - ledger, log, metrics
 * @param limits - how many may follow; absent: as in production
 * @returns what happens
 */
export function openLive(
  config: Pick<GatewayConfig, "idleSeconds" | "outbox">,
  deps: {
    readonly db: Database;
    readonly log: Logger;
    readonly metrics: Pick<GatewayMetrics, "registry">;
    readonly ledger: Pick<Ledger, "settled">;
  },
  limits?: StreamLimits,
): Live {
  const feed = liveFeed(deps);
  const streams = liveStreams(liveMetrics(deps.metrics.registry), limits);
  deps.ledger.settled.follow(() => {
    feed.wake();
  });
  const heartbeatMilliseconds = Math.min(MOST_HEARTBEAT_SECONDS, config.idleSeconds / 2) * 1_000;
  const { keepDays } = config.outbox;
  return { feed, streams, heartbeatMilliseconds, keepDays, parts: [feed, streams] };
}
