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

  test("puts all that it finds in one repository on record in one transaction", async () => {
    await pass();
    for (let i = 0; i < 4; i += 1) registry.tags.delete(`alpha/app-${i}:v${i}`);
    const { summary, transactions } = await pass({ slice: 1 });
    expect(summary).toMatchObject({ absent: 4, errors: 0 });
    expect(transactions).toBe(4);
    const back = [0, 1, 2, 3].map((i) => [`alpha/app-${i}`, `v${i}`, `content ${i}`] as const);
    for (const one of back) registry.write(...one);
    const cleared = await pass({ slice: 1 });
    expect(cleared.summary).toMatchObject({ absent: 0, errors: 0 });
    const { rows } = await ledger.db.query("select from ledger.tag where missing_sightings > 0");
    expect(rows).toEqual([]);
    expect((await pass({ slice: 1 })).transactions).toBe(0);
  });

  test("takes no row of the ledger while it holds a chain of the audit log, and chains for one repository at a time", async () => {
    await pass();
    for (const [key, digest] of registry.tags)
      if (/^alpha\/app-[0-4]:/.test(key)) registry.write(...parted(key), `not ${digest}`);
    const { parts } = deps;
    const marked: unknown[] = [];
    const audit: typeof parts.audit = async (tx, entry) => {
      await parts.audit(tx, entry);
      const { rows } = await tx.query(
        `select repository, count(*)::int as tags from ledger.tag
         where drift_digest is not null and drift_since > transaction_timestamp() group by 1`,
      );
      marked.push(rows);
    };
    deps = { ...deps, parts: { ...parts, audit } };
    expect((await pass()).summary).toMatchObject({ drifted: 5 * TAGS, errors: 0 });
    const expected = [0, 1, 2, 3, 4].flatMap((i) =>
      Array<unknown>(TAGS).fill([{ repository: `alpha/app-${i}`, tags: TAGS }]),
    );
    expect(marked).toEqual(expected);
  });

  test("that is ended early puts on record what was found before", async () => {
    await pass();
    for (const key of registry.tags.keys())
      if (/^alpha\/app-[0-4]:v\d\d/.test(key)) registry.tags.delete(key);
    const { parts } = deps;
    const ending = new AbortController();
    const upstreamDigest: typeof parts.upstreamDigest = async (...question) => {
      const digest = await parts.upstreamDigest(...question);
      ending.abort(new Error("enough"));
      return digest;
    };
    deps = { ...deps, parts: { ...parts, upstreamDigest } };
    const { summary } = await pass({ signal: ending.signal });
    expect(summary?.problems).toContain("enough");
    expect(summary?.absent).toBeGreaterThan(0);
    expect(summary?.absent).toBeLessThan(5 * (TAGS - 1));
    const { rowCount } = await ledger.db.query(
      "select from ledger.tag where missing_sightings > 0",
    );
    expect(rowCount).toBe(summary?.absent);
  });
});

function parted(key: string): [string, string] {
  const [repository = "", tag = ""] = key.split(":");
  return [repository, tag];
}
