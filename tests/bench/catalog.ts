import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import type { View } from "#access-policy/view.js";
import { openCatalog, type Catalog } from "#gateway/catalog/catalog.js";
import { listRefusals, tagHistory } from "#gateway/catalog/history.js";
import { listRepositories, oneRepository } from "#gateway/catalog/repositories.js";
import { search } from "#gateway/catalog/search.js";
import { readRepositories, type RepositoryOrder } from "#gateway/catalog/sql/repositories.js";
import { readTags, type TagOrder } from "#gateway/catalog/sql/tags.js";
import { listTags, listTagsOfDigest } from "#gateway/catalog/tags.js";
import { bytesInView, teamInView, teamsInView } from "#gateway/catalog/teams.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { SILENT } from "#tests/support/ledger.js";
import { startTestPostgres } from "#tests/support/postgres.js";
import { digestAt, generateCatalog, LARGE, repositoryAt } from "./support/generated-catalog.js";

/**
 * What each list and search costs with a million tags: npm run bench:catalog
 *
 * `--small` has a hundredth of them, to see that it works; `--repositories` says how many repositories there are.
 */
const { values: options } = parseArgs({
  options: {
    small: { type: "boolean", default: false },
    repositories: { type: "string", default: "50000" },
  },
});
const SHAPE = options.small
  ? { repositories: 500, tags: 18, large: 1_000 }
  : { repositories: Number(options.repositories), tags: 18, large: 100_000 };
const TIMES = 100;
const PAGE = 5;

const view = (...rules: string[]): View => ({ rules, values: {}, limits: null });
const some = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `+${repositoryAt((i * 97) % SHAPE.repositories)}`);
const VIEWS: Readonly<Record<string, View>> = {
  "1": view(...some(1)),
  "100": view(...some(100)),
  "a tenth": view("+*/*7"),
  all: view("+**"),
};

type Call = (view: View) => Promise<unknown>;

/** The page that begins behind the 9,999th, found out once for each view. */
async function farPlace(catalog: Catalog, of: View, sort: RepositoryOrder) {
  const shown = await catalog.shown(of);
  const query = { sort, team: null, text: "", after: null, among: shown.few };
  const rows = await readRepositories(catalog.db, shown, { ...query, limit: 9_999 * PAGE });
  const last = rows.at(-1);
  return last === undefined ? undefined : { key: last.key, id: last.id };
}

/** Of tags, whose repository is in the view or is not. */
function tagCallsOf(
  catalog: Catalog,
): Readonly<Record<string, (of: View) => Call | Promise<Call>>> {
  const { db } = catalog;
  const repository = parseRepositoryName(LARGE);
  const whole = {
    ...catalog,
    shown: async (of: View) => ({ ...(await catalog.shown(of)), has: () => true }),
  };
  const tags = (sort: TagOrder, isFar: boolean) => async (): Promise<Call> => {
    const rows = isFar
      ? await readTags(db, sort, { repository, after: null, limit: 9_999 * PAGE })
      : [];
    const last = rows.at(-1);
    const asked = { repository, sort, policy: PIER_ONE_TAGS, limit: isFar ? PAGE : 100 };
    return (of) => listTags(whole, of, { ...asked, ...(last && { after: last }) });
  };
  const calls = (["name", "pushed", "version", "pulled"] as const).flatMap((sort) => [
    [`tags by ${sort}, of 100,000`, tags(sort, false)] as const,
    [`tags by ${sort}, of 100,000, 10,000th page`, tags(sort, true)] as const,
  ]);
  const tag = parseTag("7.7.0");
  return {
    ...Object.fromEntries(calls),
    "tags of a digest": () => (of) =>
      listTagsOfDigest(catalog, of, {
        digest: digestAt(randomInt(SHAPE.repositories), 3),
        limit: 100,
      }),
    "history of a tag": () => (of) => tagHistory(whole, of, { repository, tag, limit: 100 }),
    refusals: () => (of) => listRefusals(catalog, of, { limit: 100 }),
    "refusals of somebody": () => (of) => listRefusals(catalog, of, { limit: 100, actor: "bob" }),
  };
}

function callsOf(catalog: Catalog): Readonly<Record<string, (of: View) => Call | Promise<Call>>> {
  const page = (more: object) => (): Call => (of) =>
    listRepositories(catalog, of, { sort: "name", limit: 100, ...more });
  const found = (term: () => string) => (): Call => (of) =>
    search(catalog, of, { term: term(), page: 1, size: 25 });
  const far =
    (sort: RepositoryOrder) =>
    async (of: View): Promise<Call> => {
      const after = await farPlace(catalog, of, sort);
      return (asked) =>
        listRepositories(catalog, asked, { sort, limit: PAGE, ...(after && { after }) });
    };
  return {
    "repositories by name": page({}),
    "repositories by name, 10,000th page": far("name"),
    "repositories by last push": page({ sort: "pushed" }),
    "repositories by last pull, 10,000th page": far("pulled"),
    "repositories by pulls": page({ sort: "pulls" }),
    "repositories by pulls, 10,000th page": far("pulls"),
    "repositories by size, of a team": page({ sort: "size", team: "team-007" }),
    "repositories with service-4 in the name": page({ sort: "pulls", text: "service-4" }),
    "repositories with -0 in the name": page({ sort: "pulls", text: "-0" }),
    "one repository": () => (of) =>
      oneRepository(
        catalog,
        of,
        parseRepositoryName(
          of.rules[0]?.startsWith("+team") ? of.rules[0].slice(1) : repositoryAt(7),
        ),
      ),
    "search app": found(() => "app"),
    "search one name": found(() => repositoryAt(randomInt(SHAPE.repositories)).split("/")[1] ?? ""),
    "search e": found(() => "e"),
    "search what is not there": found(() => "no-such-thing"),
    teams: () => (of) => teamsInView(catalog, of),
    "one team": () => (of) =>
      teamInView(catalog, of, repositoryAt(7 * 97).split("/")[0] ?? "").catch(() => null),
    "bytes of all": () => (of) => bytesInView(catalog, of),
    ...tagCallsOf(catalog),
    "(a statement that does nothing)": () => () => catalog.db.query("select 1"),
  };
}

async function p95(call: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    const begin = performance.now();
    await call();
    taken.push(performance.now() - begin);
  }
  return taken.sort((a, b) => a - b)[Math.ceil(TIMES * 0.95) - 1] ?? 0;
}

async function main(): Promise<void> {
  const postgres = await startTestPostgres();
  const began = performance.now();
  const ledger = await generateCatalog(postgres, SHAPE);
  console.log(`generated in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  try {
    const catalog = openCatalog({ db: ledger.open(), log: SILENT });
    for (const [name, of] of Object.entries(VIEWS)) {
      const begin = performance.now();
      await catalog.shown(of);
      console.log(
        `view of ${name}: looked at for the first time in ${(performance.now() - begin).toFixed(0)} ms`,
      );
    }
    const names = Object.keys(VIEWS).map((name) => `view of ${name}`.padStart(16));
    console.log(`${"p95 in milliseconds".padEnd(44)}${names.join("")}`);
    for (const [name, prepare] of Object.entries(callsOf(catalog))) {
      const figures: string[] = [];
      for (const of of Object.values(VIEWS)) {
        const call = await prepare(of);
        figures.push((await p95(() => call(of))).toFixed(1).padStart(16));
      }
      console.log(`${name.padEnd(44)}${figures.join("")}`);
    }
  } finally {
    await ledger.close();
    await postgres.stop();
  }
}

await main();
