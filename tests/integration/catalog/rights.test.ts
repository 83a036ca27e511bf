import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openCatalog } from "#gateway/catalog/catalog.js";
import { listRefusals, tagHistory } from "#gateway/catalog/history.js";
import { listRepositories, oneRepository } from "#gateway/catalog/repositories.js";
import { search } from "#gateway/catalog/search.js";
import { TAG_ORDERS } from "#gateway/catalog/sql/tags.js";
import { listTags } from "#gateway/catalog/tags.js";
import { teamsInView } from "#gateway/catalog/teams.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { loginOf, migrateSchemas, runRolesScript } from "#tests/support/database-roles.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { startOwnPostgres, type TestPostgres } from "#tests/support/postgres.js";

const ALL = { rules: ["+**"], values: {}, limits: null };
const APP = parseRepositoryName("alpha/app");

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startOwnPostgres();
});
afterAll(() => postgres.stop());

test("the gateway's own role adds up, and reads every list", async () => {
  const superuser = await emptyDatabase(postgres);
  await runRolesScript(superuser);
  await migrateSchemas(loginOf(superuser, "wharfinger_owner"));
  const login = loginOf(superuser, "wharfinger_gateway");
  const db = openDatabase(login, { name: "test", connections: 4 }, SILENT);
  await db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at) values ('alpha/app', '1.0', 'sha256:x', 'alice', now())`,
  );
  await db.query(
    `insert into ledger.pull_total (repository, tag, count, last_at) values ('alpha/app', '1.0', 1, now())`,
  );
  const catalog = openCatalog({ db, log: SILENT });
  const listed = await listRepositories(catalog, ALL, { sort: "pulls", limit: 9 });
  expect(listed.items).toMatchObject([{ name: "alpha/app", tags: 1, pulls: 1 }]);
  expect(await oneRepository(catalog, ALL, APP)).toMatchObject({ tags: 1 });
  expect(await search(catalog, ALL, { term: "app", page: 1, size: 9 })).toMatchObject({ total: 1 });
  // So many that they are searched by the index.
  await db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     select 'beta/app-' || i, '1.0', 'sha256:x', 'alice', now() from generate_series(1, 2100) as i`,
  );
  expect(await search(catalog, ALL, { term: "app-2099", page: 1, size: 9 })).toMatchObject({
    total: 1,
  });
  expect(await teamsInView(catalog, ALL)).toHaveLength(2);
  for (const sort of TAG_ORDERS) {
    const { items } = await listTags(catalog, ALL, {
      repository: APP,
      policy: PIER_ONE_TAGS,
      sort,
      limit: 9,
    });
    expect(items.map(({ name }) => name)).toEqual(["1.0"]);
  }
  expect(await listRefusals(catalog, ALL, { limit: 9 })).toEqual({ items: [], next: null });
  const history = tagHistory(catalog, ALL, { repository: APP, tag: parseTag("1.0"), limit: 9 });
  await expect(history).rejects.toMatchObject({ code: "NOT_FOUND" });
  await db.close();
});
