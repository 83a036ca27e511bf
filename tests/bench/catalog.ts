import { parseArgs } from "node:util";
import type { View } from "#access-policy/view.js";
import { openCatalog } from "#gateway/catalog/catalog.js";
import { SILENT } from "#tests/support/ledger.js";
import { startTestPostgres } from "#tests/support/postgres.js";
import { callsOf } from "./support/catalog-calls.js";
import { generateCatalog, repositoryAt } from "./support/generated-catalog.js";
import { viewOf as view } from "#tests/support/views.js";

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

const some = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `+${repositoryAt((i * 97) % SHAPE.repositories)}`);
const VIEWS: Readonly<Record<string, View>> = {
  "1": view(...some(1)),
  "100": view(...some(100)),
  "a tenth": view("+*/*7"),
  all: view("+**"),
};

async function p95(call: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    const begin = performance.now();
    await call();
    taken.push(performance.now() - begin);
  }
  return taken.sort((a, b) => a - b)[Math.ceil(TIMES * 0.95) - 1] ?? 0;
}

/** A list of nothing costs less than any other. */
function isEmpty(answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.length === 0;
  if (typeof answer !== "object" || answer === null) return answer == null;
  const { items, found, rows } = answer as Readonly<Record<string, unknown>>;
  return [items, found, rows].some((list) => Array.isArray(list) && list.length === 0);
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
    console.log(`${"p95 in milliseconds (*: of an empty answer)".padEnd(44)}${names.join("")}`);
    for (const [name, prepare] of Object.entries(callsOf(catalog, SHAPE.repositories))) {
      const figures: string[] = [];
      for (const of of Object.values(VIEWS)) {
        const call = await prepare(of);
        const mark = isEmpty(await call(of)) ? "*" : " ";
        figures.push(`${(await p95(() => call(of))).toFixed(1)}${mark}`.padStart(16));
      }
      console.log(`${name.padEnd(44)}${figures.join("")}`);
    }
  } finally {
    await ledger.close();
    await postgres.stop();
  }
}

await main();
