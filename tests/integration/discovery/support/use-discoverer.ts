import { afterEach, beforeEach } from "@jest/globals";
import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { discoverer, type Discover } from "./discoverer.js";
import { startListedRegistry, type ListedRegistry } from "./listed-registry.js";

/** What the tests of discovery work with. */
export interface DiscovererParts {
  readonly ledger: StartedLedger;
  readonly db: Database;
  readonly registry: ListedRegistry;
  readonly discover: Discover;
  /** Of this test alone: the audit log keeps what others did though their ledger was emptied. */
  readonly repository: RepositoryName;
}

/**
 * An empty ledger, an empty registry and a discoverer between them before each test of a file.
 *
 * @param take - gets them before each test
 */
export function useDiscoverer(take: (parts: DiscovererParts) => void): void {
  let tests = 0;
  let ledger: StartedLedger;
  let registry: ListedRegistry;
  useLedger((started) => {
    ledger = started;
  });
  beforeEach(async () => {
    registry = await startListedRegistry();
    const { db } = ledger;
    const repository = parseRepositoryName(`alpha/app-${(tests += 1)}`);
    take({ ledger, db, registry, discover: discoverer(ledger, db, registry.url), repository });
  });
  afterEach(() => registry.upstream.stop());
}
