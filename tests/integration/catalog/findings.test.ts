import { beforeEach, expect, test } from "@jest/globals";
import type { View } from "#access-policy/view.js";
import { openCatalog, type Catalog } from "#gateway/catalog/catalog.js";
import { listFindings } from "#gateway/catalog/findings.js";
import { hasChanges } from "#gateway/catalog/sql/fold.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { ALL, allPages, viewOf as view } from "#tests/support/views.js";

/** Two thirds are more than are looked at one by one. */
const MANY = 3_030;

let ledger: StartedLedger;
let catalog: Catalog;
useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  catalog = openCatalog({ db: ledger.db, log: SILENT });
});

/** What a pass of discovery writes of a tag. */
const MARKS = {
  fine: "",
  drifted: ", drift_digest = 'sha256:other', drift_since = '2026-11-20T12:00:00Z'",
  missing: ", missing_sightings = 3, missing_since = '2026-11-20T12:00:00Z'",
  absent: ", missing_sightings = 1",
  adopted: ", origin = 'adopted'",
} as const;

async function put(repository: string, tag: string, mark: keyof typeof MARKS): Promise<void> {
  const key = [repository, tag];
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, $2, 'sha256:ours', 'alice', '2026-11-19T12:00:00Z')`,
    key,
  );
  await ledger.db.query(
    `update ledger.tag set pushed_by = 'alice' ${MARKS[mark]} where repository = $1 and name = $2`,
    key,
  );
}

async function lacks(repository: string, digest: string, part: string): Promise<void> {
  await ledger.db.query(
    `insert into ledger.missing_part (repository, digest, part, since) values ($1, $2, $3, '2026-11-20T12:00:00Z')`,
    [repository, digest, part],
  );
}

/** Lists go by what there is where thousands cannot be added up in time, as on a busy machine. */
async function addedUp(): Promise<void> {
  await eventually("all is added up", async () => {
    await catalog.shown(ALL);
    return !(await hasChanges(ledger.db));
  });
}

async function pages(of: View, limit: number, more = {}): Promise<string[][]> {
  const found = await allPages((after: Parameters<typeof listFindings>[2]["after"]) =>
    listFindings(catalog, of, { limit, ...more, ...(after && { after }) }),
  );
  return found.map((items) =>
    items.map(({ kind, repository, tag, part }) => [kind, repository, tag ?? part].join(" ")),
  );
}

const EVERYTHING = [
  "drifted alpha/app d1",
  "drifted beta/app d1",
  "missing alpha/app m1",
  "absent alpha/app a1",
  "incomplete alpha/app sha256:p1",
  "incomplete alpha/app sha256:p2",
  "incomplete beta/app sha256:p1",
  "adopted beta/app n1",
];

async function everything(): Promise<void> {
  await put("alpha/app", "f1", "fine");
  for (const name of ["alpha/app", "beta/app"]) await put(name, "d1", "drifted");
  await put("alpha/app", "m1", "missing");
  await put("alpha/app", "a1", "absent");
  await lacks("alpha/app", "sha256:m", "sha256:p2");
  await lacks("alpha/app", "sha256:m", "sha256:p1");
  await lacks("beta/app", "sha256:m", "sha256:p1");
  await put("beta/app", "n1", "adopted");
}

test("what passes found is listed kind by kind, page by page, and nothing else", async () => {
  await everything();
  const listed = await pages(ALL, 3);
  expect(listed.map(({ length }) => length)).toEqual([3, 3, 2]);
  expect(listed.flat()).toEqual(EVERYTHING);
  expect((await pages(ALL, 1)).flat()).toEqual(EVERYTHING);
});

test("each says what the ledger has, what the registry has, and since when", async () => {
  await everything();
  const { items } = await listFindings(catalog, ALL, { limit: 100 });
  expect(items[0]).toEqual({
    ...{ kind: "drifted", repository: "alpha/app", tag: "d1", digest: "sha256:ours" },
    ...{ found: "sha256:other", part: null, since: new Date("2026-11-20T12:00:00Z") },
    sightings: null,
  });
  expect(items.find(({ kind }) => kind === "absent")).toMatchObject({ since: null, sightings: 1 });
  expect(items.find(({ kind }) => kind === "incomplete")).toMatchObject({
    ...{ tag: null, digest: "sha256:m", part: "sha256:p1" },
  });
});

test("it is narrowed down to a kind and to a repository", async () => {
  await everything();
  expect((await pages(ALL, 1, { kind: "drifted" })).flat()).toEqual(EVERYTHING.slice(0, 2));
  const repository = parseRepositoryName("beta/app");
  const ofBeta = EVERYTHING.filter((line) => line.includes("beta/app"));
  expect((await pages(ALL, 2, { repository })).flat()).toEqual(ofBeta);
});

test("nothing is said of repositories that the caller may not know of", async () => {
  await everything();
  const own = view("+beta/**");
  expect((await pages(own, 2)).flat()).toEqual(EVERYTHING.filter((line) => line.includes("beta")));
  const repository = parseRepositoryName("alpha/app");
  await expect(listFindings(catalog, own, { limit: 1, repository })).rejects.toMatchObject({
    code: "NAME_UNKNOWN",
  });
});

test("whoever may know of many is shown all, and none of the others", async () => {
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at, origin)
     select (case when i % 3 = 0 then 'hidden/app-' else 'alpha/app-' end) || i, '1.0', 'sha256:a', '', now(), 'adopted'
     from generate_series(1, $1::int) as i`,
    [MANY],
  );
  await addedUp();
  const found = (await pages(view("+alpha/**"), 1_000)).flat();
  expect(new Set(found).size).toBe((2 * MANY) / 3);
  expect(found).toHaveLength((2 * MANY) / 3);
  expect(found.filter((line) => line.includes("hidden"))).toEqual([]);
});

test("a page for whoever may know of few of very many is short, and those that follow have the rest", async () => {
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at, origin)
     select 'alpha/app-' || i, '1.0', 'sha256:a', '', now(), 'pushed' from generate_series(1, $1::int) as i`,
    [MANY],
  );
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at, origin)
     select 'hidden/app', 'n-' || i, 'sha256:a', '', now(), 'adopted' from generate_series(1, 6000) as i`,
  );
  await put("zeta/app", "n1", "adopted");
  await addedUp();
  const listed = await pages(view("+alpha/**", "+zeta/**"), 10);
  expect(listed).toEqual([[], ["adopted zeta/app n1"]]);
});
