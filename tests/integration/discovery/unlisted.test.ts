import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask } from "#tests/support/http-client.js";
import { INDEX_TYPE } from "#tests/support/manifest-texts.js";
import { startTestRegistry, type TestRegistry } from "#tests/support/registry.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { discoverer, type Discover } from "./support/discoverer.js";
import type { ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

let ledger: StartedLedger;
let registry: ListedRegistry;
let discover: Discover;
let stock: TestRegistry;

useDiscoverer((parts) => {
  ({ ledger, registry, discover } = parts);
});
beforeAll(async () => {
  stock = await startTestRegistry();
});
afterAll(() => stock.stop());

describe("a repository that has tags and is not in the catalog", () => {
  test("is compared like every other", async () => {
    registry.write("alpha/app", "1.0", "one");
    registry.write("alpha/empty", "1.0", "empty index");
    await discover();
    registry.unlisted.add("alpha/empty");
    const seen = { repositories: 2, tags: 2, compared: 2, errors: 0, problems: [] };
    expect(await discover()).toMatchObject(seen);
    registry.write("alpha/empty", "1.0", "drift");
    registry.write("alpha/empty", "2.0", "new");
    expect(await discover()).toMatchObject({ adopted: 1, drifted: 1, errors: 0 });
  });

  test("does not make the catalog of a registry empty that has nothing else", async () => {
    registry.write("alpha/empty", "1.0", "empty index");
    await discover();
    registry.unlisted.add("alpha/empty");
    expect(await discover()).toMatchObject({ repositories: 1, compared: 1, errors: 0 });
  });

  test("is none of which the list is no list: an error, from which nothing is concluded", async () => {
    registry.write("alpha/empty", "1.0", "empty index");
    await discover();
    registry.unlisted.add("alpha/empty");
    registry.list = "500";
    expect(await discover()).toMatchObject({ compared: 0, absent: 0, errors: 3 });
  });

  test("is one with an empty index alone, at a stock registry", async () => {
    if (!stock.isStock) return;
    const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [] });
    const put = { method: "PUT", headers: { "Content-Type": INDEX_TYPE }, body: index };
    expect((await ask(stock.url, "/v2/alpha/empty/manifests/1.0", put)).status).toBe(201);
    await ledger.db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select 'alpha/empty', '1.0', $1, 'alice', now() - interval '1 hour'`,
      [
        (await ask(stock.url, "/v2/alpha/empty/manifests/1.0", put)).headers[
          "docker-content-digest"
        ],
      ],
    );
    const clean = { repositories: 1, tags: 1, compared: 1, errors: 0, problems: [] };
    expect(await discoverer(ledger, ledger.db, stock.url)()).toMatchObject(clean);
  });
});
