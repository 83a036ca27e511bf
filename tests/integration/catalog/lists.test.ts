import fc from "fast-check";
import { beforeEach, describe, expect, test } from "@jest/globals";
import type { View } from "#access-policy/view.js";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { openCatalog, type Catalog } from "#gateway/catalog/catalog.js";
import { gramsOf } from "#gateway/catalog/grams.js";
import {
  describeRepository,
  flagRepository,
  listRepositories,
  oneRepository,
  type RepositoriesAsked,
} from "#gateway/catalog/repositories.js";
import { search } from "#gateway/catalog/search.js";
import { artifactsOf, bytesInView, teamInView, teamsInView } from "#gateway/catalog/teams.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { repositoryNames } from "#tests/support/arbitraries.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { ALL, viewOf as view } from "#tests/support/views.js";

const NAMES = [
  "alpha/app",
  "alpha/app/part",
  "alpha/app-2",
  "beta/app",
  "beta/tool",
  "gamma/web",
  "top",
];

let ledger: StartedLedger;
let catalog: Catalog;
useLedger((started) => {
  ledger = started;
});
beforeEach(async () => {
  catalog = openCatalog({ db: ledger.db, log: SILENT });
  for (const [index, name] of NAMES.entries()) await put(name, { pulls: (index * 3) % 7, index });
});

async function put(name: string, { pulls = 0, index = 0 } = {}): Promise<void> {
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, '1.0', 'sha256:a', 'alice', timestamptz '2026-01-01' + $2 * interval '1 hour')`,
    [name, (index * 5) % 7],
  );
  if (pulls > 0)
    await ledger.db.query(
      "insert into ledger.pull_total (repository, tag, count, last_at) values ($1, '1.0', $2, '2026-02-01')",
      [name, pulls],
    );
}

async function pages(
  of: View,
  asked: Omit<RepositoriesAsked, "limit">,
  limit = 2,
): Promise<string[][]> {
  const found: string[][] = [];
  let after: RepositoriesAsked["after"];
  do {
    const page = await listRepositories(catalog, of, { ...asked, limit, ...(after && { after }) });
    found.push(page.items.map(({ name }) => name));
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}
const listed = async (of: View, asked: Omit<RepositoriesAsked, "limit">) =>
  (await pages(of, asked)).flat();
const byMost = (figure: (name: string) => number) =>
  [...NAMES].sort(
    (one, other) => figure(other) - figure(one) || NAMES.indexOf(other) - NAMES.indexOf(one),
  );

describe("repositories are listed", () => {
  test("by name as the catalog has them, page by page", async () => {
    expect(await pages(ALL, { sort: "name" })).toEqual([
      ["alpha/app", "alpha/app/part"],
      ["alpha/app-2", "beta/app"],
      ["beta/tool", "gamma/web"],
      ["top"],
    ]);
  });

  test("by pulls and by last push, the most and the newest first", async () => {
    const at = (name: string) => NAMES.indexOf(name);
    expect(await listed(ALL, { sort: "pulls" })).toEqual(byMost((name) => (at(name) * 3) % 7));
    expect(await listed(ALL, { sort: "pushed" })).toEqual(byMost((name) => (at(name) * 5) % 7));
  });

  test("by size and by last pull, those with none at the end", async () => {
    expect(await listed(ALL, { sort: "size" })).toHaveLength(NAMES.length);
    expect((await listed(ALL, { sort: "pulled" })).at(-1)).toBe("alpha/app");
  });

  test("of a team, and with a text in their names", async () => {
    expect(await listed(ALL, { sort: "name", team: "beta" })).toEqual(["beta/app", "beta/tool"]);
    expect(await listed(ALL, { sort: "name", text: "A/APP" })).toEqual([
      ...["alpha/app", "alpha/app/part", "alpha/app-2", "beta/app"],
    ]);
    expect(await listed(ALL, { sort: "name", team: "alpha", text: "part" })).toEqual([
      "alpha/app/part",
    ]);
    expect(await listed(ALL, { sort: "name", text: "nothing" })).toEqual([]);
    expect(await listed(ALL, { sort: "name", team: "top" })).toEqual([]);
  });

  test("with what is new, whoever looked before", async () => {
    expect(await listed(ALL, { sort: "name", text: "late" })).toEqual([]);
    await put("late/app");
    expect(await listed(ALL, { sort: "name", text: "late" })).toEqual(["late/app"]);
  });

  test("only where the view has them, whatever is asked", async () => {
    const own = view("-alpha/app", "+alpha/**", "+*/tool");
    const seen = ["alpha/app/part", "alpha/app-2", "beta/tool"];
    for (const sort of ["name", "pushed", "pulled", "pulls", "size"] as const)
      expect((await listed(own, { sort })).sort()).toEqual([...seen].sort());
    expect(await listed(own, { sort: "name", team: "beta" })).toEqual(["beta/tool"]);
    expect(await listed(view(), { sort: "name" })).toEqual([]);
    await expect(
      oneRepository(catalog, own, parseRepositoryName("alpha/app")),
    ).rejects.toMatchObject({
      code: "NAME_UNKNOWN",
    });
  });

  test("by their names, also where another server has given their numbers to others", async () => {
    const own = view("+alpha/app");
    expect(await listed(own, { sort: "name" })).toEqual(["alpha/app"]);
    await ledger.db.query(
      "update ledger.repository_total set name = 'moved/away' where name = 'alpha/app'",
    );
    expect(await listed(own, { sort: "name" })).toEqual([]);
    catalog.missed();
    expect(await listed(view("+moved/**"), { sort: "name" })).toEqual(["moved/away"]);
  });
});

describe("a description", () => {
  const actor = { ...SYSTEM, uid: "alice", kind: "oauth2" };
  const say = (repository: string, description: string) =>
    describeRepository(
      { db: ledger.db, audit: recordAudit },
      { repository: parseRepositoryName(repository), description },
      actor,
    );

  test("is shown in lists and searches, and on record with what was said before", async () => {
    await say("beta/tool", "a tool");
    await say("beta/tool", "a better tool");
    await say("beta/tool", "a better tool");
    const one = await oneRepository(catalog, ALL, parseRepositoryName("beta/tool"));
    expect(one).toMatchObject({ description: "a better tool", describedBy: "alice" });
    const { found } = await search(catalog, ALL, { term: "tool", page: 1, size: 1 });
    expect(found).toEqual([
      {
        ...{ name: "beta/tool", pulls: 5, description: "a better tool" },
        ...{ official: false, automated: false, stars: 0 },
      },
    ]);
    const said = (await ledger.audited()).filter(({ action }) => action === "repository.described");
    expect(said.map(({ actor: { uid }, detail }) => [uid, detail])).toEqual([
      ["alice", { before: "", description: "a tool" }],
      ["alice", { before: "a tool", description: "a better tool" }],
    ]);
  });

  test("of what is not there is refused", async () => {
    await expect(say("no/such", "x")).rejects.toMatchObject({ code: "NAME_UNKNOWN" });
  });
});

describe("flags", () => {
  const actor = { ...SYSTEM, uid: "bob", kind: "oauth2" };
  const repository = parseRepositoryName("beta/tool");
  const flag = (official: boolean, automated: boolean) =>
    flagRepository(
      { db: ledger.db, audit: recordAudit },
      { repository, official, automated },
      actor,
    );

  test("are shown in lists and searches, and on record once, with what they were", async () => {
    await flag(true, false);
    await flag(true, false);
    await flag(true, true);
    const flags = { official: true, automated: true };
    expect(await oneRepository(catalog, ALL, repository)).toMatchObject(flags);
    const { found } = await search(catalog, ALL, { term: "tool", page: 1, size: 1 });
    expect(found).toMatchObject([{ name: "beta/tool", ...flags }]);
    const said = (await ledger.audited()).filter(({ action }) => action === "repository.flagged");
    expect(said.map(({ detail }) => detail)).toEqual([
      { before: { official: false, automated: false }, official: true, automated: false },
      { before: { official: true, automated: false }, official: true, automated: true },
    ]);
  });
});

describe("a search", () => {
  const names = async (of: View, term: string) =>
    (await search(catalog, of, { term, page: 1, size: 100 })).found.map(({ name }) => name);

  test("shows what fits best first, then what is pulled most", async () => {
    await put("app");
    await put("x/apple", { pulls: 9 });
    await put("x/snapper", { pulls: 9 });
    expect(await names(ALL, "app")).toEqual([
      ...["app", "beta/app", "alpha/app", "alpha/app/part", "x/apple", "alpha/app-2", "x/snapper"],
    ]);
  });

  test("finds and counts what the view has, and nothing else", async () => {
    expect(await names(view("+beta/**"), "app")).toEqual(["beta/app"]);
    expect(await search(catalog, view("+beta/**"), { term: "app", page: 2, size: 10 })).toEqual({
      ...{ found: [], total: 1 },
    });
  });

  test("finds no repository whose tags were all deleted", async () => {
    await ledger.db.query(
      "update ledger.tag set deleted_at = now(), deleted_by = 'alice' where repository = 'beta/app'",
    );
    expect(await names(ALL, "beta/app")).toEqual([]);
  });

  test("finds any part of any name by the index", async () => {
    await fc.assert(
      fc.asyncProperty(
        repositoryNames(),
        fc.nat(),
        fc.integer({ min: 1, max: 12 }),
        async (name, at, size) => {
          const from = at % name.length;
          const { rows } = await ledger.db.query<{ fits: boolean }>(
            "select ledger.grams_of($1) @> $2::text[] as fits",
            [name, gramsOf(name.slice(from, from + size))],
          );
          expect(rows).toEqual([{ fits: true }]);
        },
      ),
    );
  });
});

describe("teams", () => {
  test("have what the view has of them", async () => {
    const teams = async (of: View) =>
      (await teamsInView(catalog, of)).map(({ team, artifacts, tags }) => [team, artifacts, tags]);
    expect(await teams(ALL)).toEqual([
      ["alpha", 3, 3],
      ["beta", 2, 2],
      ["gamma", 1, 1],
    ]);
    expect(await teams(view("-alpha/app", "+alpha/**", "+*/tool"))).toEqual([
      ["alpha", 2, 2],
      ["beta", 1, 1],
    ]);
    expect(await artifactsOf(catalog, view("-alpha/app", "+**"), "alpha")).toEqual([
      "app/part",
      "app-2",
    ]);
    await expect(teamInView(catalog, view("+beta/**"), "alpha")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await bytesInView(catalog, ALL)).toBe(0);
  });
});
