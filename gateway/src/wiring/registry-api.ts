import { randomUUID } from "node:crypto";
import type { CursorSealer } from "#rest-api/cursor.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Routed } from "#service-kit/http/entry.js";
import type { Logger } from "#service-kit/log.js";
import type { GatewayConfig } from "../config/config.js";
import type { Deletion } from "../deletion/deletion.js";
import { asker } from "#service-kit/db/asker.js";
import type { WriteGate } from "../mode/write-gate.js";
import { readForgotten } from "../past/sql/past-manifests.js";
import { readNotices } from "../referrers/notice-read.js";
import { defaultImages, keptFirst } from "../proxy/default-images.js";
import { registryRoute } from "../proxy/handle.js";
import { manifestTurns, watchManifestTurns, type ManifestTurns } from "../proxy/manifest-turns.js";
import type { ManifestReadDeps } from "../proxy/manifest-read.js";
import { wholeManifests } from "../proxy/repeated-manifests.js";
import type { PlanDeps } from "../proxy/plan.js";
import { uploadStates } from "../proxy/upload-states.js";
import { LATEST, type TagPolicy } from "#tag-policy/tag-policy.js";
import type { Callers } from "./callers.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import type { Ledger } from "./ledger.js";
import type { ForwardingRegistry } from "./registry.js";
import type { Sources } from "./sources.js";

/**
 * @param config - what of manifests is taken, and whether anything can be deleted
 * @param deps - what the requests to `/v2/` are answered with
 * @returns the routes
 */
export function openRegistryApi(
  config: Pick<
    GatewayConfig,
    "manifestsAtOnce" | "manifestBounds" | "tagRefusalCode" | "allowDelete" | "listLatest"
  >,
  deps: {
    readonly db: Database;
    readonly sealer: CursorSealer;
    readonly log: Logger;
    readonly metrics: Pick<GatewayMetrics, "registry">;
    readonly callers: Pick<Callers, "callers" | "uploads">;
    readonly registry: ForwardingRegistry;
    readonly policy: Pick<TagPolicy, "isVirtual">;
    readonly ledger: Pick<Ledger, "resolver" | "pushing" | "kept" | "lists" | "referrers">;
    readonly sources: Pick<Sources, "reader">;
    readonly deletion: { readonly deletion: Deletion };
    readonly pulls: { readonly recorder: ManifestReadDeps["pulls"] };
    readonly mode: { readonly writes: WriteGate };
    /** Absent: as configured. */
    readonly turns?: ManifestTurns;
  },
): Routed {
  const { db, log, registry, ledger, sealer } = deps;
  const { allowDelete, manifestBounds, tagRefusalCode } = config;
  const { writes } = deps.mode;
  const turns = deps.turns ?? manifestTurns(config.manifestsAtOnce);
  watchManifestTurns(deps.metrics.registry, turns);
  const { callers, uploads } = deps.callers;
  const { upstream } = registry;
  const { deletion } = deps.deletion;
  const manifests = keptFirst(ledger.kept, upstream);
  const listing: PlanDeps["listing"] = {
    ...{ db, ask: asker(), log, upstream, lists: ledger.lists },
    views: callers.views,
    showsLatest: (repository) =>
      config.listLatest && deps.policy.isVirtual({ repository, tag: LATEST }),
  };
  const describing = { db, ask: asker(), resolver: ledger.resolver, manifests };
  const plan: PlanDeps = {
    passing: registry,
    pushing: {
      ledger: ledger.pushing,
      upstream,
      newReservation: randomUUID,
      manifestBounds,
      tagRefusalCode,
      isWhole: wholeManifests({ upstream, log }),
      disguised: { db, reader: deps.sources.reader, deletion, allowDelete, callers },
    },
    deleting: {
      deletion,
      upstream,
      newReservation: randomUUID,
      allowDelete,
    },
    listing,
    extending: { describing, listing, sealer },
    uploading: { passing: registry, upstream, uploads, states: uploadStates() },
    reading: {
      passing: registry,
      upstream,
      defaultImages: defaultImages(manifests),
      resolver: ledger.resolver,
      pulls: deps.pulls.recorder,
      kept: ledger.kept,
      noticed: readNotices({ db, log, upstream }),
      forgotten: (address) => readForgotten(db, address),
    },
    referring: {
      ...{ db, ask: asker(), resolver: ledger.resolver, manifests },
      lists: ledger.referrers,
    },
  };
  const api = { callers, plan, writes, manifestTurns: turns };
  return { direct: registryRoute(api), routes: [] };
}
