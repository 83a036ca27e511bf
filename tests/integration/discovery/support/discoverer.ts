import { recordAudit } from "#audit-log/record-audit.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { discoverOnce, type DiscoveryDeps } from "#gateway/discovery/discovery.js";
import { openPasses, type DiscoveryParts } from "#gateway/wiring/discovery.js";
import type { PassOptions } from "#gateway/discovery/pass.js";
import type { PassSummary } from "#gateway/discovery/tally.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { registryListing } from "#service-kit/http/registry-listing.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT, type TestLedger } from "#tests/support/ledger.js";

/** Makes passes, as one replica does. */
export type Discover = (options?: Partial<PassOptions>) => Promise<PassSummary | null>;

/**
 * @param ledger - the ledger
 * @param db - a pool on it
 * @param registryUrl - what it is compared with
 * @returns what a replica makes passes with
 */
export function discoveryDeps(
  ledger: TestLedger,
  db: Database,
  registryUrl: string,
): Omit<DiscoveryDeps, "metrics"> {
  const authorization = () => "Bearer of discovery";
  return depsFor(ledger, db, {
    ...{ url: registryUrl, authorization },
    upstream: registryUpstream(registryUrl, authorization),
    listing: registryListing(registryUrl, authorization),
    bounds: BOUNDS,
  });
}

function depsFor(
  ledger: TestLedger,
  db: Database,
  registry: DiscoveryParts["registry"],
): Omit<DiscoveryDeps, "metrics"> {
  const known = { audit: recordAudit, policy: PIER_ONE_TAGS, registry };
  return { parts: openPasses({ db, log: SILENT, ...known }), database: ledger.config };
}

/**
 * @param ledger - the ledger
 * @param db - a pool on it
 * @param registryUrl - what it is compared with
 * @returns what makes a pass: every tag, as fast as it can
 */
export function discoverer(ledger: TestLedger, db: Database, registryUrl: string): Discover {
  return passing(discoveryDeps(ledger, db, registryUrl));
}

/**
 * @param ledger - the ledger
 * @param db - a pool on it
 * @param registry - what it is compared with, as a gateway sees it
 * @returns as {@link discoverer}
 */
export function discovererOf(
  ledger: TestLedger,
  db: Database,
  registry: DiscoveryParts["registry"],
): Discover {
  return passing(depsFor(ledger, db, registry));
}

function passing(deps: Omit<DiscoveryDeps, "metrics">): Discover {
  return (options = {}) =>
    discoverOnce(deps, {
      sightings: 3,
      repair: false,
      slice: 100_000,
      parts: 0,
      perSecond: 100_000,
      dryRun: false,
      trusted: false,
      signal: new AbortController().signal,
      progress: () => undefined,
      ...options,
    });
}
