import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { runProgram } from "#local/processes/run-program.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { Drilled } from "./drilled.js";
import { RECIPES, type Recipe } from "./recipes.js";

/** A storage of 100,000 tags is more files than a minute copies. */
const COPY_MILLISECONDS = 1_800_000;

/** With owners and times, as backups have them. */
async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const command = { file: "cp", args: ["-a", from, to], env: process.env };
  const { ok, output } = await runProgram(command, { timeoutMs: COPY_MILLISECONDS });
  if (!ok) throw new Error(output);
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

const { values } = parseArgs({
  options: { recipe: { type: "string", multiple: true }, tags: { type: "string", default: "0" } },
});

/**
 * Runs the recipes of docs/backup.md, one after the other on a stack that begins with nothing, or with as many tags as are
 * wanted: some pushes, a backup, more pushes, a loss, the recipe, and what has to hold then.
 */
const folder = await temporaryFolder();
const drilled = new Drilled(join(folder.path, "data"), join(folder.path, "backup"));
try {
  await drilled.start();
  await drilled.fill(Number(values.tags));
  const wanted = Object.entries(RECIPES).map(([name, recipe], place) => ({ name, recipe, place }));
  const chosen = wanted.filter(({ name }) => values.recipe?.includes(name) ?? true);
  for (const { name, recipe, place } of chosen) {
    if (await run(name, recipe, place)) continue;
    // What it left half done says nothing about the recipes after it.
    const left = chosen.filter((one) => one.place > place);
    console.log(`not run: ${left.map((one) => one.name).join(", ") || "none"}`);
    break;
  }
} finally {
  await drilled.stop();
  await folder.remove();
}

/** @returns whether all is whole */
async function run(name: string, recipe: Recipe, place: number): Promise<boolean> {
  // Each finds what no other one has pushed.
  drilled.repository = `alpha/app-${place}`;
  drilled.steps.length = 0;
  try {
    const seconds = await recipe(drilled, {
      copy,
      move,
      remove: (path) => rm(path, { recursive: true, force: true }),
    });
    console.log(`${name}: whole after ${seconds.toFixed(1)} s`);
    for (const step of drilled.steps) console.log(`  ${step}`);
    return true;
  } catch (error) {
    process.exitCode = 1;
    console.log(`${name}: FAILED ${error instanceof Error ? (error.stack ?? "") : String(error)}`);
    return false;
  }
}
