import { describe, expect, test } from "@jest/globals";
import { readCursor } from "#gateway/discovery/sql/cursor.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Discover } from "./support/discoverer.js";
import { fill, type ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

let db: Database;
let registry: ListedRegistry;
let discover: Discover;

useDiscoverer((parts) => {
  ({ db, registry, discover } = parts);
});

describe("a pass", () => {
  test("compares a slice of the known tags, and the next ones the rest", async () => {
    fill(registry, "alpha/app", 25);
    fill(registry, "beta/app", 5);
    await discover();
    registry.asked.clear();
    const slices = [];
    for (let i = 0; i < 4; i += 1) slices.push((await discover({ slice: 9 }))?.compared);
    expect(slices).toEqual([9, 9, 9, 3]);
    expect([...registry.asked.values()]).toEqual(Array.from({ length: 30 }, () => 1));
    expect(await discover({ slice: 9 })).toMatchObject({ compared: 9, notCompared: 21 });
  });

  test("compares every tag from the very start wherever the last slice ended, and leaves that place", async () => {
    fill(registry, "alpha/app", 600);
    fill(registry, "beta/app", 5);
    await discover();
    await discover({ slice: 300 });
    const place = await readCursor(db);
    for (const tag of ["t-0", "t-599"]) registry.write("alpha/app", tag, "foreign");
    registry.write("beta/app", "t-4", "foreign");
    for (const dryRun of [true, false]) {
      const expected = { compared: 605, notCompared: 0, drifted: 3, driftLeft: 3, errors: 0 };
      expect(await discover({ slice: "all", dryRun })).toMatchObject(expected);
      expect(await readCursor(db)).toEqual(place);
    }
  });

  test("begins no round through tags or manifests before its time, and asks for what was wrong all the same", async () => {
    fill(registry, "alpha/app", 25);
    await discover();
    await discover({ slice: 20 });
    const hourly = { slice: 20, parts: 1_000, roundSeconds: 3_600 };
    const asked = async () => {
      registry.asked.clear();
      const summary = await discover(hourly);
      const tags = [...registry.asked.keys()].filter((key) => /:t-\d+$/.test(key));
      return { of: tags.length, compared: summary?.compared, into: summary?.manifests };
    };
    expect(await asked()).toMatchObject({ of: 5, compared: 5, into: 25 });
    expect(await asked()).toEqual({ of: 0, compared: 0, into: 0 });
    registry.write("alpha/app", "t-7", "foreign");
    await discover({ slice: "all" });
    expect(await asked()).toMatchObject({ of: 1, compared: 1 });
    await db.query(
      `update ledger.discovery set tags_round_at = tags_round_at - interval '1 hour',
       manifests_round_at = manifests_round_at - interval '1 hour'`,
    );
    expect(await asked()).toMatchObject({ compared: 21, into: 25 });
    await db.query("update ledger.discovery set tags_round_at = now() + interval '1 day'");
    await asked();
    expect((await asked()).compared).toBe(21);
  });

  test("says how many tags it has not compared, each counted once", async () => {
    fill(registry, "alpha/app", 10);
    await discover();
    registry.write("alpha/app", "t-9", "foreign");
    await discover({ slice: "all" });
    fill(registry, "alpha/app", 10);
    // Asked for in every pass since it was wrong, and right again.
    expect(await discover({ slice: 4 })).toMatchObject({ compared: 5, notCompared: 5, drifted: 0 });
    await db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = digest,
       reserved_by = 'alice', reserved_until = now() + interval '1 minute' where name = 't-3'`,
    );
    expect(await discover({ slice: "all" })).toMatchObject({ compared: 9, notCompared: 1 });
    registry.headStatus = 503;
    expect(await discover({ slice: "all" })).toMatchObject({ compared: 0, notCompared: 10 });
  });
});
