import { beforeEach, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { isInOrder } from "#gateway/discovery/in-order.js";
import type { Database } from "#service-kit/db/pool.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import type { Discover } from "./support/discoverer.js";
import type { Fault, ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

let ledger: StartedLedger;
let db: Database;
let registry: ListedRegistry;
let discover: Discover;

useDiscoverer((parts) => {
  ({ ledger, db, registry, discover } = parts);
});
beforeEach(async () => {
  for (const tag of ["1.0", "2.0", "3.0"]) registry.write("alpha/app", tag, tag);
  registry.write("beta/app", "1.0", "beta");
  expect(await discover()).toMatchObject({ adopted: 4, errors: 0 });
  await db.query("update ledger.tag set origin = 'pushed', pushed_by = 'alice'");
});

interface Marks {
  readonly tag: string;
  readonly sightings: number;
  readonly missing: boolean;
}

async function marks(): Promise<Marks[]> {
  const { rows } = await db.query<Marks>(
    `select repository || ':' || name as tag, missing_sightings as sightings,
            missing_since is not null as missing
     from ledger.tag where missing_sightings > 0 or missing_since is not null order by 1`,
  );
  return rows;
}

async function wholeLedger(): Promise<unknown> {
  return (await db.query(`select * from ledger.tag order by repository, name`)).rows;
}

async function audited(action: string): Promise<string[]> {
  const entries = await ledger.audited();
  return entries
    .filter((entry) => entry.action === action)
    .map(({ repository, tag }) => `${repository ?? ""}:${tag ?? ""}`);
}

describe("a tag that the registry does not have", () => {
  test("is missing after three clean passes, on record once, and stays in the ledger", async () => {
    registry.tags.delete("alpha/app:2.0");
    for (const sightings of [1, 2]) {
      expect(await discover()).toMatchObject({ absent: 1, missing: 0, errors: 0 });
      expect(await marks()).toEqual([{ tag: "alpha/app:2.0", sightings, missing: false }]);
    }
    expect(await discover()).toMatchObject({ absent: 1, missing: 1 });
    expect(await discover()).toMatchObject({ absent: 1, missing: 0 });
    expect(await marks()).toEqual([{ tag: "alpha/app:2.0", sightings: 4, missing: true }]);
    expect(await audited("tag.missing")).toEqual(["alpha/app:2.0"]);
    expect(await wholeLedger()).toHaveLength(4);
  });

  test("is not in order until it was put back", async () => {
    registry.tags.delete("alpha/app:2.0");
    const summary = await discover();
    expect(summary).toMatchObject({ absent: 1, absentLeft: 1, errors: 0 });
    expect(summary !== null && isInOrder(summary)).toBe(false);
    registry.write("alpha/app", "2.0", "2.0");
    const next = await discover();
    expect(next !== null && isInOrder(next)).toBe(true);
  });

  test("that is back is as if it had never been away", async () => {
    registry.tags.delete("alpha/app:2.0");
    for (let i = 0; i < 3; i += 1) await discover();
    registry.write("alpha/app", "2.0", "2.0");
    await discover();
    expect(await marks()).toEqual([]);
  });

  test("that is listed but cannot be read is missing too", async () => {
    registry.tags.set("alpha/app:2.0", digestOf(Buffer.from("lost")));
    for (let i = 0; i < 3; i += 1) await discover();
    expect(await marks()).toEqual([{ tag: "alpha/app:2.0", sightings: 3, missing: true }]);
  });

  test("is written again from what the ledger keeps when repair is on", async () => {
    const digest = registry.tags.get("alpha/app:2.0");
    const { mediaType, content } = await stored("alpha/app", "2.0");
    await db.query(
      `insert into ledger.manifest (repository, digest, media_type, content) values ($1, $2, $3, $4)`,
      ["alpha/app", digest, mediaType, content],
    );
    registry.tags.delete("alpha/app:2.0");
    expect(await discover({ repair: true })).toMatchObject({ absent: 1, repaired: 0 });
    await discover({ repair: true });
    expect(await discover({ dryRun: true, repair: true })).toMatchObject({ absentLeft: 1 });
    expect(await discover({ repair: true })).toMatchObject({
      missing: 1,
      repaired: 1,
      absentLeft: 0,
    });
    expect(registry.tags.get("alpha/app:2.0")).toBe(digest);
    expect(await marks()).toEqual([]);
    expect(await audited("tag.repaired")).toEqual(["alpha/app:2.0"]);
    expect(await discover()).toMatchObject({ absent: 0, errors: 0 });
  });

  test("that was deleted through the gateway is nobody's loss", async () => {
    await db.query(
      `update ledger.tag set deleted_at = now(), deleted_by = 'alice' where name = '2.0'`,
    );
    const before = await wholeLedger();
    expect(await discover()).toMatchObject({ absent: 0, adopted: 0, errors: 0 });
    registry.tags.delete("alpha/app:2.0");
    expect(await discover()).toMatchObject({ absent: 0, adopted: 0, errors: 0 });
    expect(await wholeLedger()).toEqual(before);
  });
});

describe("nothing is concluded", () => {
  const FAULTS: readonly Fault[] = [
    ...(["500", "404", "empty", "half", "endless", "cut", "no list", "no JSON"] as const),
  ];

  test.each(FAULTS)("from a catalog that is wrong: %s", async (fault) => {
    registry.catalog = fault;
    // What lists its tags is there, whatever the catalog says.
    if (fault === "empty") registry.list = "404";
    await changesNothing();
  });

  test.each(FAULTS.filter((fault) => fault !== "empty"))(
    "from a list of tags that is wrong: %s",
    async (fault) => {
      registry.list = fault;
      await changesNothing();
    },
  );

  test.each([500, 502, 401, 429])("from answers %d about digests", async (status) => {
    registry.headStatus = status;
    registry.tags.delete("alpha/app:2.0");
    await changesNothing();
  });

  test("from a registry that does not answer", async () => {
    await registry.upstream.stop();
    await changesNothing();
  });

  test("from a repository that is not in the catalog", async () => {
    registry.tags.delete("beta/app:1.0");
    await changesNothing();
    expect((await discover())?.problems).toContain(
      "beta/app is in the ledger, but not in the registry's catalog",
    );
  });

  test("from a page that is missing, even if tags of it do not answer either", async () => {
    registry.page = 2;
    registry.tags.delete("alpha/app:3.0");
    registry.list = "half";
    await changesNothing();
  });

  async function changesNothing(): Promise<void> {
    const before = await wholeLedger();
    for (let i = 0; i < 4; i += 1) {
      const summary = await discover();
      expect(summary?.errors).toBeGreaterThan(0);
      expect(summary?.problems).not.toEqual([]);
    }
    expect(await wholeLedger()).toEqual(before);
  }
});

async function stored(
  repository: string,
  tag: string,
): Promise<{ mediaType: string; content: Buffer }> {
  const answer = await fetch(`${registry.url}/v2/${repository}/manifests/${tag}`);
  const content = Buffer.from(await answer.arrayBuffer());
  return { mediaType: answer.headers.get("content-type") ?? "", content };
}
