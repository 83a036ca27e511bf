import { randomUUID } from "node:crypto";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { Database } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { findSource, type ImageReader, type SearchResult } from "./find-source.js";
import type { ScmMetrics } from "./scm-metrics.js";
import type { SearchLimits } from "./search-limits.js";
import { insertSource } from "./sql/scm-source.js";
import {
  closeSearch,
  countSearches,
  endSearch,
  postponeSearch,
  takeSearch,
  type TakenSearch,
} from "./sql/scm-search.js";

/** What searching needs. */
export interface SourceSearchDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly reader: ImageReader;
  readonly metrics: ScmMetrics;
  readonly limits: SearchLimits;
  /** Whether layers are read at all. */
  readonly withLayers: boolean;
}

/** When searches are made; other than this in tests alone. */
export interface SearchTiming {
  /** Between two looks for what is due. */
  readonly lookMilliseconds: number;
  /** How long a search is somebody's; longer than a search takes. */
  readonly leaseSeconds: number;
  /** Before the second attempt; doubled for each one after it. */
  readonly backoffSeconds: number;
}

const TIMING: SearchTiming = { lookMilliseconds: 2_000, leaseSeconds: 180, backoffSeconds: 5 };
const MEASURE_MILLISECONDS = 5_000;
const MOST_ATTEMPTS = 8;
const LONGEST_BACKOFF_SECONDS = 900;
/** Everything of one search, within the lease. */
const SEARCH_MILLISECONDS = 120_000;

/**
 * Looks for the sources of images that were pushed without one, one image at a time. Any number of gateways may
 * do so side by side: each search is one gateway's until its claim ends.
 *
 * @param deps - ledger and registry
 * @param timing - see there
 * @returns the component
 */
export function sourceSearch(deps: SourceSearchDeps, timing: SearchTiming = TIMING): Component {
  const failing = lastingWarning(deps.log, "scm-search.failed");
  return repeating("source search", timing.lookMilliseconds, async (stopping) => {
    try {
      let measuredAt = -Infinity;
      for (let searched = true; searched;) {
        searched = !stopping.aborted && (await searchNext(deps, timing, stopping));
        // Also meanwhile: what takes long to work off is what has to be seen.
        if (searched && performance.now() - measuredAt < MEASURE_MILLISECONDS) continue;
        deps.metrics.waiting.set(await countSearches(deps.db));
        measuredAt = performance.now();
      }
      failing.worked();
    } catch (error) {
      failing.failed(error);
    }
    return timing.lookMilliseconds;
  });
}

/** @returns whether there was anything to do */
async function searchNext(
  deps: SourceSearchDeps,
  timing: SearchTiming,
  stopping: AbortSignal,
): Promise<boolean> {
  const search = await takeSearch(deps.db, randomUUID(), timing.leaseSeconds);
  if (search === null) return false;
  try {
    if (search.attempts > MOST_ATTEMPTS) await giveUp(deps, search, "no attempt came to an end");
    else await settle(deps, search, await lookThrough(deps, search, stopping));
  } catch (error) {
    if (stopping.aborted) {
      await postponeSearch(deps.db, search, { seconds: 0, note: "", counts: false });
      return false;
    }
    await putOff(deps, search, timing, error);
  }
  return true;
}

async function lookThrough(
  deps: SourceSearchDeps,
  { repository, digest, withLayers }: TakenSearch,
  stopping: AbortSignal,
): Promise<SearchResult> {
  const reading = await deps.reader.manifest(repository, digest).catch((error: unknown) => {
    if (error instanceof Unreadable) return error;
    throw error;
  });
  if (reading instanceof Unreadable) return { found: null, note: reading.message };
  if (reading === null) return { found: null, note: "the registry does not have the manifest" };
  return findSource(deps.reader, {
    repository,
    reading,
    withLayers: withLayers && deps.withLayers,
    limits: deps.limits,
    signal: AbortSignal.any([stopping, AbortSignal.timeout(SEARCH_MILLISECONDS)]),
  });
}

async function settle(
  deps: SourceSearchDeps,
  search: TakenSearch,
  { found, note }: SearchResult,
): Promise<void> {
  const { repository, digest } = search;
  if (found === null) {
    await closeSearch(deps.db, search, "none", note);
    deps.log.info({ event: "scm-search.none", repository, digest, note });
    return;
  }
  const isNew = await deps.db.transaction(
    async (tx) =>
      (await endSearch(tx, search)) && (await insertSource(tx, search, found, search.by)).isNew,
  );
  if (!isNew) return;
  deps.metrics.sources.inc({ origin: found.origin });
  deps.log.info({ event: "scm-search.found", repository, digest, origin: found.origin });
}

async function putOff(
  deps: SourceSearchDeps,
  search: TakenSearch,
  { backoffSeconds }: SearchTiming,
  error: unknown,
): Promise<void> {
  const note = error instanceof Error ? error.message : String(error);
  if (search.attempts >= MOST_ATTEMPTS) {
    await giveUp(deps, search, note);
    return;
  }
  const { repository, digest, attempts } = search;
  deps.log.warn({ event: "scm-search.put-off", repository, digest, attempts, err: error });
  const seconds = Math.min(backoffSeconds * 2 ** (attempts - 1), LONGEST_BACKOFF_SECONDS);
  await postponeSearch(deps.db, search, { seconds, note, counts: true });
}

async function giveUp(deps: SourceSearchDeps, search: TakenSearch, note: string): Promise<void> {
  const { repository, digest, attempts } = search;
  await closeSearch(deps.db, search, "given-up", note);
  deps.log.error({ event: "scm-search.given-up", repository, digest, attempts, note });
}
