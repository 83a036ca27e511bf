import { describe, expect, test } from "@jest/globals";
import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { readListedTags } from "#gateway/ledger/sql/listed-names.js";
import { readListedRepositories } from "#gateway/ledger/sql/listed-repositories.js";
import type { Database } from "#service-kit/db/pool.js";
import { type Discover } from "./support/discoverer.js";
import { fill, type ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

const APP = parseRepositoryName("alpha/app");
const ALL = { after: "", limit: null };

let db: Database;
let registry: ListedRegistry;
let discover: Discover;

useDiscoverer((parts) => {
  ({ db, registry, discover } = parts);
});

describe("lists are the ledger's", () => {
  test("after a pass that took in all that the registry lists", async () => {
    fill(registry, APP, 3);
    fill(registry, "alpha/app/part", 2);
    expect([await tagsOf(APP), await repositories()]).toEqual([null, null]);
    await discover();
    expect(await tagsOf(APP)).toEqual(["t-0", "t-1", "t-2"]);
    expect(await repositories()).toEqual(["alpha/app", "alpha/app/part"]);
  });

  test("also of a repository with more tags than are compared in memory", async () => {
    fill(registry, APP, 1_100);
    registry.write(APP, "latest", "what nobody knows");
    await discover({ slice: 1 });
    expect(await tagsOf(APP)).toHaveLength(1_100);
    expect(await readListedTags(db, APP, ALL)).toMatchObject({ latest: true });
  });

  test.each([1, 1_100])("not while one of %i tags could not be asked for", async (count) => {
    fill(registry, APP, count);
    await discover({ slice: 1 });
    await db.query("update ledger.repository set compared_at = null");
    registry.write(APP, "new", "new");
    registry.headStatus = 503;
    await discover({ slice: 1 });
    expect(await tagsOf(APP)).toBeNull();
    registry.headStatus = null;
    await discover({ slice: 1 });
    expect(await tagsOf(APP)).toHaveLength(count + 1);
  });

  test.each(["500", "half", "cut", "no JSON"] as const)(
    "not after a list that was none: %s",
    async (fault) => {
      fill(registry, APP, 3);
      registry.list = fault;
      await discover();
      expect(await tagsOf(APP)).toBeNull();
      [registry.list, registry.catalog] = ["none", fault];
      await db.query("update ledger.discovery set catalog_at = null");
      await discover();
      expect(await repositories()).toBeNull();
    },
  );

  test("not after a dry run", async () => {
    fill(registry, APP, 3);
    await discover({ dryRun: true });
    expect([await tagsOf(APP), await repositories()]).toEqual([null, null]);
  });

  test("with the registry's latest as long as the registry lists it and the ledger has no such tag", async () => {
    fill(registry, APP, 1);
    registry.write(APP, "latest", "what nobody knows");
    const latest = async () => (await readListedTags(db, APP, ALL))?.latest;
    await discover();
    expect(await latest()).toBe(true);
    await db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at, deleted_at, deleted_by)
       values ($1, 'latest', 'sha256:' || repeat('a', 64), 'alice', now(), now(), 'alice')`,
      [APP],
    );
    expect(await latest()).toBe(false);
    await db.query("delete from ledger.tag where name = 'latest'");
    registry.tags.delete("alpha/app:latest");
    await discover();
    expect(await latest()).toBe(false);
  });

  test("and a pass without news writes nothing about them", async () => {
    fill(registry, APP, 3);
    fill(registry, "alpha/app/part", 2);
    await discover();
    const rows = async () =>
      (await db.query("select xmin::text, ctid::text, * from ledger.repository order by name"))
        .rows;
    const before = await rows();
    await discover();
    expect(await rows()).toEqual(before);
  });
});

describe("a repository is known", () => {
  test("from its first manifest or adopted tag on, not from a reservation", async () => {
    await db.query(
      `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by, reserved_until)
       values ('alpha/reserved', '1.0', gen_random_uuid(), 'sha256:x', 'alice', now() + interval '1 minute')`,
    );
    await db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at, origin)
       values ('alpha/adopted', '1.0', 'sha256:' || repeat('a', 64), '', now(), 'adopted')`,
    );
    // It stands there, or nothing of the registry would be believed.
    registry.write("alpha/adopted", "1.0", "adopted");
    await discover();
    fill(registry, APP, 1);
    await discover();
    expect(await repositories()).toEqual(["alpha/adopted", "alpha/app"]);
  });
});

describe("a page", () => {
  test("of tags and of repositories is read from one range of an index, as is", async () => {
    await db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select 'alpha/app-' || t % 20, 'v' || t, 'sha256:' || repeat('a', 64), 'alice', now()
       from generate_series(1, 20000) as t`,
    );
    await db.query(
      `insert into ledger.repository (name) select 'beta/n' || t from generate_series(1, 20000) as t`,
    );
    await db.query("analyze ledger.tag");
    await db.query("analyze ledger.repository");
    const tags = await planOf((queries) => readListedTags(queries, APP, { after: "v5", limit: 101 })); // prettier-ignore
    expect(tags).toContain("tag_listed");
    expect(tags).not.toMatch(/Sort|Seq Scan on tag/);
    for (const prefixes of [[""], ["alpha/app-5"], ["alpha/", "beta/", "gamma/"]]) {
      const names = await planOf((queries) =>
        readListedRepositories(queries, { after: "alpha/app-5", limit: 101, prefixes }),
      );
      expect(names).toContain("repository_by_path");
      expect(names).not.toMatch(/Filter: \(\(?(?:name|replace)|Seq Scan on repository/);
      if (prefixes.length === 1) expect(names).not.toContain("Sort");
    }
  });
});

async function tagsOf(repository: RepositoryName): Promise<readonly string[] | null> {
  return (await readListedTags(db, repository, ALL))?.tags ?? null;
}

function repositories(): Promise<readonly string[] | null> {
  return readListedRepositories(db, { after: "", limit: 1_000, prefixes: [""] }).then(
    ({ names, isWhole }) => (isWhole ? names : null),
  );
}

/** @returns the plan that a prepared statement ends with, whatever its values */
async function planOf(
  ask: (queries: Pick<Database, "query">) => Promise<unknown>,
): Promise<string> {
  let text = "";
  let values: readonly unknown[] = [];
  await ask({
    query: (asked, given = []) => {
      [text, values] = [asked, given];
      return Promise.resolve({ rows: [], rowCount: 0 });
    },
  });
  return db.transaction(async (tx) => {
    await tx.query("set local plan_cache_mode = force_generic_plan");
    await tx.query(`prepare listed (${values.map(typeOf).join(", ")}) as ${text}`);
    const given = values.map(literalOf);
    const { rows } = await tx.query<{ "QUERY PLAN": string }>(
      `explain execute listed (${given.join(", ")})`,
    );
    await tx.query("deallocate listed");
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  });
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "text[]";
  return typeof value === "number" ? "bigint" : "text";
}

function literalOf(value: unknown): string {
  if (Array.isArray(value)) return `array[${value.map(literalOf).join(", ")}]`;
  return typeof value === "number" ? String(value) : `'${String(value)}'`;
}
