import { beforeEach, describe, expect, test } from "@jest/globals";
import { discoverOnce, type DiscoveryDeps } from "#gateway/discovery/discovery.js";
import type { PassOptions } from "#gateway/discovery/pass.js";
import type { Database } from "#service-kit/db/pool.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { discoveryDeps } from "./support/discoverer.js";
import type { ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

const REPOSITORIES = 40;
const TAGS = 5;

let ledger: StartedLedger;
let registry: ListedRegistry;
let deps: Omit<DiscoveryDeps, "metrics">;
/** Transactions, and statements beside them, of the pool since the last look; the pass has a connection of its own. */
let work: { transactions: number; statements: number };

useDiscoverer((parts) => {
  ({ ledger, registry } = parts);
});
beforeEach(() => {
  for (let i = 0; i < REPOSITORIES * TAGS; i += 1)
    registry.write(`alpha/app-${i % REPOSITORIES}`, `v${i}`, `content ${i}`);
  deps = discoveryDeps(ledger, counted(ledger.db), registry.url);
});

function counted(db: Database): Database {
  work = { transactions: 0, statements: 0 };
  return {
    ...db,
    query: (...statement) => {
      work.statements += 1;
      return db.query(...statement);
    },
    transaction: (...done) => {
      work.transactions += 1;
      return db.transaction(...done);
    },
  };
}

async function pass(options: Partial<PassOptions> = {}) {
  work = { transactions: 0, statements: 0 };
  const summary = await discoverOnce(deps, {
    ...{ sightings: 3, repair: false, slice: 100_000, parts: 0, perSecond: 100_000, dryRun: false },
    signal: new AbortController().signal,
    progress: () => undefined,
    ...options,
  });
  return { summary, ...work };
}

describe("a pass", () => {
  test("costs one transaction for each repository with tags that are new, and none for others", async () => {
    const first = await pass();
    expect(first.summary).toMatchObject({ adopted: REPOSITORIES * TAGS, errors: 0 });
    expect(first.transactions).toBe(REPOSITORIES);
    registry.write("alpha/app-7", "new-1", "new");
    registry.write("alpha/app-7", "new-2", "new");
    const second = await pass();
    expect(second.summary).toMatchObject({ adopted: 2, compared: REPOSITORIES * TAGS + 2 });
    expect(second.transactions).toBe(1);
  });

  test("without news costs no transaction, and as many statements as one over a single repository", async () => {
    await pass();
    const { summary, transactions, statements } = await pass();
    expect(summary).toMatchObject({ compared: REPOSITORIES * TAGS, adopted: 0, errors: 0 });
    expect(transactions).toBe(0);
    expect(statements).toBeLessThan(10);
  });

  test("puts all that it finds in some repositories on record in one transaction", async () => {
    await pass();
    for (let i = 0; i < 4; i += 1) registry.tags.delete(`alpha/app-${i}:v${i}`);
    const { summary, transactions } = await pass({ slice: 1 });
    expect(summary).toMatchObject({ absent: 4, errors: 0 });
    expect(transactions).toBeLessThanOrEqual(3);
    const back = [0, 1, 2, 3].map((i) => [`alpha/app-${i}`, `v${i}`, `content ${i}`] as const);
    for (const one of back) registry.write(...one);
    const cleared = await pass({ slice: 1 });
    expect(cleared.summary).toMatchObject({ absent: 0, errors: 0 });
    const { rows } = await ledger.db.query("select from ledger.tag where missing_sightings > 0");
    expect(rows).toEqual([]);
    expect((await pass({ slice: 1 })).transactions).toBe(0);
  });
});
