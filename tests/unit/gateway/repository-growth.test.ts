import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Registry } from "prom-client";
import { growthMetrics } from "#gateway/ledger/growth-metrics.js";
import { heaviest } from "#gateway/ledger/heaviest.js";
import { MOST_SHOWN, repositoryGrowth } from "#gateway/ledger/repository-growth.js";

const MINUTE = 60_000;

describe("how much repositories grow", () => {
  test("is told for the last hour, of those with most, and of all others together", () => {
    let now = 0;
    const growth = repositoryGrowth(() => now);
    growth.add("alpha/old", 1_000);
    now = 30 * MINUTE;
    for (let i = 1; i <= MOST_SHOWN + 5; i += 1) growth.add(`alpha/${i}`, i);
    growth.add(null, 7);
    const { repositories, others } = growth.shown();
    expect(repositories.size).toBe(MOST_SHOWN);
    expect([...repositories.entries()].slice(0, 2)).toEqual([
      ["alpha/old", 1_000],
      [`alpha/${MOST_SHOWN + 5}`, MOST_SHOWN + 5],
    ]);
    expect(others).toBe(1 + 2 + 3 + 4 + 5 + 6 + 7);
    now = 61 * MINUTE;
    expect(growth.shown().repositories.has("alpha/old")).toBe(false);
    now = 91 * MINUTE;
    expect(growth.shown()).toEqual({ repositories: new Map(), others: 0 });
  });

  test("forgets what was written while the clock was ahead", () => {
    let now = 600 * MINUTE;
    const growth = repositoryGrowth(() => now);
    growth.add("alpha/ahead", 1_000);
    now = 0;
    growth.add("alpha/app", 10);
    expect(growth.shown()).toEqual({ repositories: new Map([["alpha/app", 10]]), others: 0 });
  });

  test("adds up what a repository took in different parts of the hour", () => {
    let now: number;
    const growth = repositoryGrowth(() => now);
    for (now = 0; now < 55 * MINUTE; now += 10 * MINUTE) growth.add("alpha/app", 10);
    now = 59 * MINUTE;
    expect(growth.shown().repositories.get("alpha/app")).toBe(60);
  });

  test("stays visible among ten thousand others, and these make no more values", async () => {
    const registry = new Registry();
    const grown = growthMetrics(registry, () => 0);
    for (let i = 0; i < 10_000; i += 1) {
      grown(`alpha/${i}`, 100);
      if (i % 10 === 0) grown("beta/heavy", 1_000);
    }
    const lines = (await registry.metrics()).split("\n");
    const values = lines.filter((line) => line.startsWith("ledger_repository_growth_bytes{"));
    expect(values).toHaveLength(MOST_SHOWN + 1);
    const heavy = /^ledger_repository_growth_bytes\{repository="beta\/heavy"\} (\d+)$/m;
    const bytes = Number(heavy.exec(lines.join("\n"))?.[1]);
    expect(bytes).toBeGreaterThanOrEqual(1_000_000);
    expect(bytes).toBeLessThanOrEqual(1_000_000 + 2_000_000 / 200);
    expect(lines).toContain("ledger_growth_bytes_total 2000000");
  });
});

describe("the heaviest of many", () => {
  test("are all that have more than their share, overstated by no more than that", () => {
    const names = fc.integer({ min: 0, max: 30 }).map(String);
    const added = fc.array(fc.tuple(names, fc.integer({ min: 1, max: 50 })), { maxLength: 300 });
    fc.assert(
      fc.property(added, fc.integer({ min: 1, max: 10 }), (adds, most) => {
        const kept = heaviest(most);
        const sums = new Map<string, number>();
        for (const [name, amount] of adds) {
          kept.add(name, amount);
          sums.set(name, (sums.get(name) ?? 0) + amount);
        }
        const entries = new Map(kept.entries());
        const share = kept.total() / most;
        expect(entries.size).toBeLessThanOrEqual(most);
        for (const [name, sum] of sums)
          if (sum > share) expect([...entries.keys()]).toContain(name);
        for (const [name, sum] of entries) {
          expect(sum).toBeGreaterThanOrEqual(sums.get(name) ?? 0);
          expect(sum - (sums.get(name) ?? 0)).toBeLessThanOrEqual(share);
        }
        const all = [...entries.values()].reduce((sum, one) => sum + one, 0);
        expect(all).toBeLessThanOrEqual(kept.total());
      }),
    );
  });
});
