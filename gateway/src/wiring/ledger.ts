import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { latestInheritance } from "../latest/inherit-latest.js";
import { asker } from "#service-kit/db/asker.js";
import { keptManifests, type KeptManifests } from "../ledger/kept-manifests.js";
import type { LatestInheritance } from "../ledger/latest-inheritance.js";
import type { PushCounts } from "../ledger/push-counts.js";
import type { PushDeps } from "../ledger/push.js";
import { refusalSettling } from "../ledger/record-refusal.js";
import { manifestRecovery } from "../ledger/recover-manifests.js";
import { recoverTag, recovery, type RecoverDeps } from "../ledger/recover.js";
import {
  LIST_BYTES,
  REFERRER_BYTES,
  rememberedLists,
  type RememberedLists,
} from "../ledger/remembered-lists.js";
import {
  FRESH_MILLISECONDS,
  rememberedTags,
  type RememberedTags,
} from "../ledger/remembered-tags.js";
import { tagResolver, type TagResolver } from "../ledger/resolve-tag.js";
import { settledTags, type SettledTags } from "../ledger/settled-tags.js";
import type { Waiting } from "../ledger/waiting.js";
import { withheldTags } from "../ledger/withheld-tags.js";
import type { GatewayConfig } from "../config/config.js";
import { followTold } from "./told.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import type { Registry } from "./registry.js";
import type { Sources } from "./sources.js";
import type { Store } from "./store.js";
import { lateDeletions } from "../unanswered/look-at-deletions.js";
import { unansweredWrites } from "../unanswered/look-at-writes.js";
import { openPutBack, openRepair } from "./repair.js";
import { tagDigest } from "../upstream/tag-digest.js";

/** Reserves, commits, releases, resolves tags. */
export interface Ledger extends Opened {
  readonly resolver: TagResolver;
  readonly waiting: Waiting;
  readonly counts: PushCounts;
  /** What pushes need, and what settles those of lost gateways. */
  readonly pushing: PushDeps & RecoverDeps;
  readonly remembered: RememberedTags;
  readonly kept: KeptManifests;
  readonly lists: RememberedLists;
  readonly referrers: RememberedLists;
  readonly inheritance: LatestInheritance;
  /** Tells of each tag that any gateway has settled. */
  readonly settled: Pick<SettledTags, "follow">;
}

/**
 * @param config - how much is kept in memory
 * @param deps - database, audit log, rules, registry, and where sources come from
 * @returns the ledger
 */
export function openLedger(
  config: Pick<GatewayConfig, "manifestMemoryBytes">,
  deps: {
    readonly store: Pick<Store, "db" | "pushDb" | "heard">;
    readonly log: Logger;
    readonly metrics: GatewayMetrics;
    readonly audit: RecordAudit;
    readonly policy: TagPolicy;
    readonly registry: Pick<Registry, "upstream" | "listing" | "bounds">;
    readonly sources: Pick<Sources, "find" | "count" | "reader">;
  },
): Ledger {
  const { store, log, audit, policy, sources } = deps;
  const { upstream, listing, bounds } = deps.registry;
  const upstreamDigest = tagDigest(upstream);
  const ask = asker();
  const memory = { now: () => performance.now(), freshMilliseconds: FRESH_MILLISECONDS };
  const remembered = rememberedTags(memory);
  const kept = keptManifests({ ...memory, db: store.db, ask, bytes: config.manifestMemoryBytes });
  const lists = rememberedLists({ ...memory, bytes: LIST_BYTES });
  const referrers = rememberedLists({ ...memory, bytes: REFERRER_BYTES });
  const looking = { db: store.db, log, audit, upstreamDigest };
  const inheritance = latestInheritance({ ...looking, listing, reader: sources.reader });
  const reading = { ...looking, policy, remembered, inheritance, ask };
  const resolver = tagResolver(reading);
  const settled = settledTags(store.heard);
  followTold(store.heard, { settled, resolver, remembered, kept, lists, referrers });
  const waiting: Waiting = {
    bounds,
    now: memory.now,
    pause: (milliseconds) => pause(milliseconds),
    untilSettled: (key, milliseconds) => settled.until(key, milliseconds),
    recover: (key) => recoverTag(pushing, key),
  };
  const { overdue } = deps.metrics;
  const counts = { ...deps.metrics.counts, source: sources.count };
  const own = { db: store.db, log, audit, bounds };
  const repair = openRepair({ ...own, upstream });
  const putBack = openPutBack({ ...own, upstream });
  const pushing: Ledger["pushing"] = {
    db: store.pushDb,
    log,
    audit,
    policy,
    waiting,
    counts,
    upstreamDigest,
    upstreamManifest: ({ repository }, digest) => upstream.getManifest(repository, digest),
    newReservation: randomUUID,
    findSource: sources.find,
  };
  return {
    resolver,
    waiting,
    counts,
    pushing,
    remembered,
    kept,
    lists,
    referrers,
    inheritance,
    settled,
    parts: [
      unansweredWrites({ ...pushing, repair, overdue: overdue("tag") }),
      lateDeletions({ ...own, repair, putBack, reads: upstream, overdue: overdue("manifest") }),
      recovery(pushing),
      manifestRecovery(pushing),
      refusalSettling(pushing),
      withheldTags(reading),
    ],
  };
}
