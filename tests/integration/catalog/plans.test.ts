import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { View } from "#access-policy/view.js";
import { newestEntries } from "#audit-log/list-entries.js";
import { listBases, listBuiltOn } from "#gateway/catalog/base-images.js";
import { openCatalog, type Catalog } from "#gateway/catalog/catalog.js";
import { listFindings } from "#gateway/catalog/findings.js";
import { gramsOf } from "#gateway/catalog/grams.js";
import { listRefusals, tagHistory } from "#gateway/catalog/history.js";
import { listRepositories, oneRepository } from "#gateway/catalog/repositories.js";
import { search } from "#gateway/catalog/search.js";
import { FINDING_KINDS } from "#gateway/catalog/sql/findings.js";
import { REPOSITORY_ORDERS, type RepositoryOrder } from "#gateway/catalog/sql/repositories.js";
import { TAG_ORDERS } from "#gateway/catalog/sql/tags.js";
import { searchTags } from "#gateway/catalog/search-tags.js";
import { listTags, listTagsOfDigest } from "#gateway/catalog/tags.js";
import { artifactsOf, bytesInView, teamInView, teamsInView } from "#gateway/catalog/teams.js";
import { readCommitted, readHead } from "#gateway/live/sql/committed-events.js";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { SILENT, startLedger, type StartedLedger } from "#tests/support/ledger.js";

/** More than are looked at one by one. */
const REPOSITORIES = 2_500;
const ALL: View = { rules: ["+**"], values: {}, limits: null };
const ONE: View = { rules: ["+team-1/app-1"], values: {}, limits: null };
const [NAME, TAG] = [parseRepositoryName("team-1/app-1"), parseTag("1.0")];
const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const PLACE = { at: "2026-01-01T00:00:00.000000Z", chain: 1, position: 1 };

let ledger: StartedLedger;
let statements: (readonly [sql: string, values: readonly unknown[]])[] = [];
let catalog: Catalog;
let recorded: Database;

beforeAll(async () => {
  ledger = await startLedger();
  await ledger.db.query(
    `insert into ledger.manifest (repository, digest, media_type, content)
     select 'team-1/app-' || i, 'sha256:' || i, 'x', convert_to('{"config":{},"layers":[{"digest":"a"},{"digest":"b"}' || more || ']}', 'UTF8')
     from generate_series(1, 20) as i cross join lateral (values (case when i > 10 then ',{"digest":"c"}' else '' end)) as two (more)`,
  );
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     select 'team-' || i % 50 || '/app-' || i, '1.0', 'sha256:' || i, 'alice', now() from generate_series(1, $1::int) as i`,
    [REPOSITORIES],
  );
  const { db } = ledger;
  recorded = {
    ...db,
    query: (sql, values = [], name) => {
      statements.push([sql, values]);
      return db.query(sql, values, name);
    },
  };
  catalog = openCatalog({ db: recorded, log: SILENT });
  await catalog.shown(ALL);
  await db.query("analyze ledger.repository_total, ledger.repository_name, ledger.tag");
});
afterAll(() => ledger.stop());

const repositories = Object.keys(REPOSITORY_ORDERS).flatMap((key) => {
  const sort = key as RepositoryOrder;
  const places = {
    name: "team-2\u0001app",
    pushed: "2026-01-01T00:00:00.000000Z",
    pulled: "-infinity",
    pulls: "5",
    size: "5",
  };
  const after = { key: places[sort], id: 7 };
  return [
    {},
    { after },
    { team: "team-1" },
    { text: "app-1", after },
    { text: "app-12", after },
  ].map((more) => ["repositories", { sort, limit: 10, ...more }] as const);
});
const CALLS: readonly (readonly [string, (view: View) => Promise<unknown>])[] = [
  ...repositories.map(
    ([name, asked]) =>
      [
        `${name} ${JSON.stringify(asked)}`,
        (view: View) => listRepositories(catalog, view, asked),
      ] as const,
  ),
  ["one repository", (view) => oneRepository(catalog, view, NAME)],
  ...["app", "app-1234", "no-such", "", "team-1/app"].map(
    (term) =>
      [
        `search for "${term}"`,
        (view: View) => search(catalog, view, { term, page: 1, size: 9 }),
      ] as const,
  ),
  ["teams", (view) => teamsInView(catalog, view)],
  ["a team", (view) => teamInView(catalog, view, "team-1")],
  ["artifacts", (view) => artifactsOf(catalog, view, "team-1")],
  ["bytes", (view) => bytesInView(catalog, view)],
  ...TAG_ORDERS.flatMap((sort) =>
    [{}, { after: { key: sort === "version" || sort === "name" ? "1" : PLACE.at, name: "1" } }].map(
      (more) =>
        [
          `tags by ${sort}`,
          (view: View) =>
            listTags(catalog, view, {
              repository: NAME,
              policy: PIER_ONE_TAGS,
              sort,
              limit: 10,
              ...more,
            }),
        ] as const,
    ),
  ),
  ["tags of a digest", (view) => listTagsOfDigest(catalog, view, { digest: DIGEST, limit: 10 })],
  ...[
    {},
    { after: { repository: "team-1/app-1", name: "1.0" } },
    { repository: "app-12" },
    { team: "team-1" },
  ].map(
    (more) =>
      [
        `tags by the beginning of their names ${JSON.stringify(more)}`,
        (view: View) =>
          searchTags(catalog, view, { tag: "1.", repository: "", limit: 10, ...more }),
      ] as const,
  ),
  [
    "a tag's history",
    (view) => tagHistory(catalog, view, { repository: NAME, tag: TAG, limit: 10, after: PLACE }),
  ],
  ...[
    {},
    { repository: NAME },
    { actor: "alice" },
    { repository: NAME, tag: TAG, after: PLACE },
  ].map(
    (of) =>
      [
        `refusals ${JSON.stringify(of)}`,
        (view: View) => listRefusals(catalog, view, { limit: 10, ...of }),
      ] as const,
  ),
  ...[{}, { after: { layers: 1, id: 7 } }].flatMap((more) =>
    [listBases, listBuiltOn].map(
      (list) =>
        [
          `images by their layers: ${list.name}`,
          (view: View) => list(catalog, view, { layers: ["a", "b"], limit: 10, ...more }),
        ] as const,
    ),
  ),
  ...FINDING_KINDS.flatMap((kind) =>
    [{}, { after: { kind, repository: "team-1/app-1", name: "1.0", part: "" } }].map(
      (more) =>
        [
          `findings: ${kind}`,
          (view: View) => listFindings(catalog, view, { kind, limit: 10, ...more }),
        ] as const,
    ),
  ),
];

test.each(CALLS)("no table is read as a whole for %s", async (_, call) => {
  statements = [];
  await call(ALL);
  await call(ONE);
  expect(statements.length).toBeGreaterThan(2);
  for (const [sql, values] of statements) expect(await planOf(sql, values)).not.toMatch(/Seq Scan/);
});

test.each(["app-1", "a", "no-such-thing"])(
  "names with %s are found by their parts",
  async (term) => {
    const plan = await planOf(
      "select id from ledger.repository_name where ledger.grams_of(name) @> $1::text[]",
      [gramsOf(term)],
    );
    expect(plan).toContain("repository_name_with");
  },
);

test("what somebody did is found in the audit log by an index of who it was", async () => {
  const { db } = ledger;
  await db.query(
    `insert into audit.entry (chain, position, at, action, repository, content, previous_hash, hash)
     select i & 15, 1000000 + i, now() - i * interval '1 minute', 'tag.pushed', 'team-1/app-1',
       '{"action":"tag.pushed","actor":{"uid":"user-' || i % 500 || '"},"tag":"1.0"}', sha256('a'), sha256('b')
     from generate_series(1, 3000) as i`,
  );
  await db.query("analyze audit.entry");
  statements = [];
  const all = { since: new Date(0), until: new Date("9999-12-31"), repository: null, action: null };
  const filter = { ...all, actor: "user-7", tag: null, digest: null };
  const found = await newestEntries(recorded, filter, { limit: 5 });
  expect(found.map(({ content }) => content)).toEqual(
    Array.from({ length: 5 }, () => expect.stringContaining('"uid":"user-7"')),
  );
  const [, next] = await Promise.all([
    newestEntries(recorded, { ...filter, actor: 'user-"7"' }, { limit: 5 }),
    newestEntries(recorded, filter, { limit: 5, after: found[4] ?? null }),
  ]);
  expect(next).toHaveLength(1);
  for (const [sql, values] of statements)
    expect(await planOf(sql, values)).toContain("entry_by_actor");
});

test("events that are followed come from an index of their transactions", async () => {
  await ledger.db.query(
    `insert into ledger.event (id, action, repository, tag, digest, content, occurred_at)
     select gen_random_uuid(), 'push', 'team-1/app-1', '1.0', 'sha256:a', '{}', now() from generate_series(1, 2000)`,
  );
  await ledger.db.query("analyze ledger.event");
  const from = await readHead(ledger.db);
  const to = await readHead(ledger.db);
  statements = [];
  await readCommitted(recorded, { from, to, after: null }, 100);
  const [[sql, values] = ["", []]] = statements;
  const plan = await planOf(sql, values);
  expect(plan).toContain("event_followed");
  expect(plan).not.toMatch(/Seq Scan|Sort/);
});

/** @returns the plan where whole tables are read only if there is no other way */
async function planOf(sql: string, values: readonly unknown[]): Promise<string> {
  return ledger.db.transaction(async (tx) => {
    await tx.query("set local enable_seqscan = off");
    const { rows } = await tx.query<{ "QUERY PLAN": string }>(`explain ${sql}`, values);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  });
}
