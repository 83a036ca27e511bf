import { describe, expect, jest, test } from "@jest/globals";
import type { Database } from "#service-kit/db/pool.js";
import { collectGarbage } from "#tests/support/collect-garbage.js";
import { eventually } from "#tests/support/eventually.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import { discoverer, type Discover } from "./support/discoverer.js";
import { fill, filledDigest, type ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

const REAL_NOW = Date.now;

let ledger: StartedLedger;
let db: Database;
let registry: ListedRegistry;
let discover: Discover;

useDiscoverer((parts) => {
  ({ ledger, db, registry, discover } = parts);
});

describe("a pass", () => {
  test("adopts what the registry has and the ledger does not, page by page", async () => {
    registry.page = 7;
    fill(registry, "alpha/app", 50);
    fill(registry, "alpha/app/part", 20);
    fill(registry, "alpha-app", 5);
    expect(await discover()).toMatchObject({ repositories: 3, tags: 75, adopted: 75, errors: 0 });
    const { rows } = await db.query(
      `select digest, origin, pushed_by from ledger.tag where repository = 'alpha/app' and name = 't-31'`,
    );
    const digest = filledDigest("alpha/app", 31);
    expect(rows).toEqual([{ digest, origin: "adopted", pushed_by: "" }]);
    const entries = (await ledger.audited()).filter(({ action }) => action === "tag.adopted");
    expect(entries).toHaveLength(75);
    expect(await discover()).toMatchObject({ adopted: 0, absent: 0, drifted: 0, errors: 0 });
  });

  test("does not wait, and keep others from theirs, for as long as its gateway's clock was ahead", async () => {
    fill(registry, "alpha/app", 20);
    const ahead = jest.spyOn(Date, "now").mockImplementation(() => 10 * 3_600_000 + REAL_NOW());
    try {
      const pass = discover({ perSecond: 50 });
      await eventually("it asks", () => registry.asked.size > 0);
      ahead.mockRestore();
      expect(await pass).toMatchObject({ adopted: 20, errors: 0 });
    } finally {
      ahead.mockRestore();
    }
  });

  test("leaves a virtual latest alone", async () => {
    registry.write("alpha/app", "latest", "somebody's");
    expect(await discover()).toMatchObject({ tags: 1, adopted: 0, errors: 0 });
  });

  test("leaves a tag alone that is being pushed", async () => {
    registry.write("alpha/app", "1.0", "foreign");
    await db.query(
      `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by, reserved_until)
       values ('alpha/app', '1.0', gen_random_uuid(), 'sha256:x', 'alice', now() + interval '1 minute')`,
    );
    expect(await discover()).toMatchObject({ adopted: 0, drifted: 0, absent: 0, errors: 0 });
  });

  test("that is a dry run says the same and changes nothing", async () => {
    fill(registry, "alpha/app", 4);
    await discover();
    registry.tags.delete("alpha/app:t-0");
    registry.write("alpha/app", "t-1", "drift");
    registry.write("alpha/app", "new", "new");
    const before = await everything();
    const options = { dryRun: true, repair: true };
    const expected = { adopted: 1, absent: 1, drifted: 1, repaired: 1, errors: 0 };
    expect(await discover(options)).toMatchObject(expected);
    expect(await discover(options)).toMatchObject(expected);
    expect(await everything()).toEqual(before);
    expect(registry.upstream.seen.filter(({ method }) => method === "PUT")).toEqual([]);
  });

  test("is made by one replica at a time", async () => {
    fill(registry, "alpha/app", 300);
    const other = discoverer(ledger, ledger.open(), registry.url);
    const both = await Promise.all([discover(), other()]);
    expect(both.filter((summary) => summary === null)).toHaveLength(1);
    expect(both.find((summary) => summary !== null)).toMatchObject({ adopted: 300 });
    expect(await other()).toMatchObject({ adopted: 0, errors: 0 });
  });

  test("asks for no more digests a second than it may, and for a few at once", async () => {
    fill(registry, "alpha/app", 60);
    const began = performance.now();
    expect(await discover({ perSecond: 100, slice: 1 })).toMatchObject({ adopted: 60 });
    expect(performance.now() - began).toBeGreaterThan(550);
    expect(registry.mostAtOnce).toBeLessThanOrEqual(8);
  });

  test("that is ended early says so, and what it did stays", async () => {
    fill(registry, "alpha/app", 200);
    const ending = new AbortController();
    const pass = discover({ perSecond: 100, signal: ending.signal });
    await eventually("some were asked for", () => registry.asked.size > 10);
    ending.abort(new Error("enough"));
    const summary = await pass;
    expect(summary?.problems).toContain("enough");
    expect(summary?.adopted).toBeGreaterThan(5);
    expect(summary?.adopted).toBeLessThan(200);
    expect(await discover()).toMatchObject({ errors: 0 });
  });

  test("gives up on a registry that answers with errors alone", async () => {
    fill(registry, "alpha/app", 500);
    registry.headStatus = 503;
    const summary = await discover();
    expect(summary?.problems).toContain("given up: the registry answers with errors alone");
    expect(registry.asked.size).toBeLessThan(50);
  });

  test("over ten thousand tags keeps none of them in memory", async () => {
    fill(registry, "alpha/app", 10_000);
    let [least, most] = [Infinity, 0];
    const progress = () => {
      registry.upstream.seen.length = 0;
      const heap = liveHeap();
      [least, most] = [Math.min(least, heap), Math.max(most, heap)];
    };
    expect(await discover({ progress, slice: 1 })).toMatchObject({ adopted: 10_000, errors: 0 });
    expect(await discover({ progress })).toMatchObject({ tags: 10_000, compared: 9_999 });
    expect(most - least).toBeLessThan(10);
    const { rows } = await db.query<{ count: number }>(
      `select count(*)::int as count from ledger.tag`,
    );
    expect(rows).toEqual([{ count: 10_000 }]);
  });
});

/** @returns MiB that are still in use after everything that can go has gone */
function liveHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function everything(): Promise<unknown> {
  const tables = ["tag", "manifest", "discovery", "repository"].map((name) => `ledger.${name}`);
  return Promise.all(
    [...tables, "audit.entry"].map(
      async (table) => (await db.query(`select * from ${table} order by 1, 2`)).rows,
    ),
  );
}
