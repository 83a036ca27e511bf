import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { runProgram } from "#local/processes/run-program.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { Drilled } from "./drilled.js";
import { RECIPES, type Recipe } from "./recipes.js";

/** With owners and times, as backups have them. */
async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const { ok, output } = await runProgram({ file: "cp", args: ["-a", from, to], env: process.env });
  if (!ok) throw new Error(output);
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

const { values } = parseArgs({
  options: { recipe: { type: "string" }, tags: { type: "string", default: "0" } },
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
  for (const [place, [name, recipe]] of Object.entries(RECIPES).entries())
    if (values.recipe === undefined || values.recipe === name) await run(name, recipe, place);
} finally {
  await drilled.stop();
  await folder.remove();
}

async function run(name: string, recipe: Recipe, place: number): Promise<void> {
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
  } catch (error) {
    process.exitCode = 1;
    console.log(`${name}: FAILED ${error instanceof Error ? (error.stack ?? "") : String(error)}`);
  }
}
