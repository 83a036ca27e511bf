import type { RecordAudit } from "#audit-log/record-audit.js";
import { steadyNow } from "#service-kit/clocks/clock-reading.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { GatewayConfig } from "../config/config.js";
import { imageDate } from "../latest/image-date.js";
import { openReader } from "./sources.js";
import { discoveryMetrics } from "../discovery/discovery-metrics.js";
import { discovery } from "../discovery/discovery.js";
import type { PassDeps } from "../discovery/pass.js";
import type { DriftDeps } from "../drift/note-drift.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import type { Registry } from "./registry.js";
import { openPutBack, openRepair } from "./repair.js";
import { tagDigest } from "../upstream/tag-digest.js";

/** What a pass needs. */
export interface DiscoveryParts {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly policy: TagPolicy;
  readonly registry: Pick<Registry, "url" | "authorization" | "upstream" | "listing" | "bounds">;
}

/**
 * @param parts - ledger, audit log, rules and registry
 * @returns what a pass works with
 */
export function openPasses(parts: DiscoveryParts): PassDeps {
  const { db, log, audit, policy } = parts;
  const { upstream, listing, bounds } = parts.registry;
  const reader = openReader({ db, registry: parts.registry });
  return {
    db,
    log,
    audit,
    policy,
    registry: {
      listing,
      reads: upstream,
      putBack: openPutBack({ db, log, audit, upstream, bounds }),
      dateOf: async (repository, digest, signal) =>
        (await imageDate(reader, { repository, digest }, signal))?.createdAt ?? null,
    },
    upstreamDigest: tagDigest(upstream),
    repair: openRepair({ db, log, audit, upstream, bounds }),
    now: steadyNow,
  };
}

/**
 * @param config - how often and how ledger and registry are compared
 * @param deps - ledger, audit log, rules and registry, and where passes are counted
 * @returns what compares them, and what repairs a tag
 */
export function openDiscovery(
  config: Pick<GatewayConfig, "database" | "discovery">,
  deps: DiscoveryParts & { readonly metrics: Pick<GatewayMetrics, "registry"> },
): Opened & { readonly repair: DriftDeps["repair"] } {
  const parts = openPasses(deps);
  const metrics = discoveryMetrics(deps.metrics.registry, Date.now);
  const { database } = config;
  return {
    repair: parts.repair,
    parts: [discovery({ parts, database, metrics }, config.discovery)],
  };
}
