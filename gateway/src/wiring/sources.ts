import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { PushDeps } from "../ledger/push.js";
import type { PushCounts } from "../ledger/push-counts.js";
import { readManifest } from "../ledger/sql/store-manifest.js";
import type { ImageReader } from "../scm/find-source.js";
import { pushSearch } from "../scm/push-search.js";
import { registryReader } from "../scm/registry-reader.js";
import { scmMetrics } from "../scm/scm-metrics.js";
import { SEARCH_LIMITS } from "../scm/search-limits.js";
import { sourceSearch } from "../scm/source-search.js";
import type { GatewayMetrics } from "./gateway-metrics.js";
import type { Registry } from "./registry.js";

/** Where images come from. */
export interface Sources extends Opened {
  readonly reader: ImageReader;
  readonly find: PushDeps["findSource"];
  readonly count: PushCounts["source"];
}

/**
 * @param deps - ledger and registry
 * @returns what reads images
 */
export function openReader({
  db,
  registry,
}: {
  readonly db: Database;
  readonly registry: Pick<Registry, "url" | "authorization" | "upstream">;
}): ImageReader {
  const { upstream, authorization } = registry;
  return registryReader({
    keptManifest: (repository, digest) => readManifest(db, repository, digest),
    registryUrl: registry.url,
    authorization,
    upstreamManifest: ({ repository }, digest) => upstream.getManifest(repository, digest),
  });
}

/**
 * @param deps - ledger and registry, and whether layers are read at all
 * @returns what finds where images come from
 */
export function openSources(deps: {
  readonly db: Database;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
  readonly registry: Pick<Registry, "url" | "authorization" | "upstream">;
  readonly withLayers: boolean;
}): Sources {
  const { db, log, registry, withLayers } = deps;
  const metrics = scmMetrics(deps.metrics.registry);
  const reader = openReader({ db, registry });
  return {
    reader,
    find: pushSearch(reader, withLayers),
    count: (origin) => {
      metrics.sources.inc({ origin });
    },
    parts: [sourceSearch({ db, log, reader, metrics, limits: SEARCH_LIMITS, withLayers })],
  };
}
