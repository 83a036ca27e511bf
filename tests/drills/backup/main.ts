import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { runProgram } from "#local/processes/run-program.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { Drilled } from "./drilled.js";
import { RECIPES } from "./recipes.js";

/** With owners and times, as backups have them. */
async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const { ok, output } = await runProgram({ file: "cp", args: ["-a", from, to], env: process.env });
  if (!ok) throw new Error(output);
}

const { values } = parseArgs({ options: { recipe: { type: "string" } } });

/**
 * Runs the recipes of docs/backup.md, each on a stack of its own that begins with nothing: some pushes, a backup, more
 * pushes, a loss, the recipe, and what has to hold then.
 */
for (const [name, recipe] of Object.entries(RECIPES)) {
  if (values.recipe !== undefined && values.recipe !== name) continue;
  const folder = await temporaryFolder();
  const drilled = new Drilled(join(folder.path, "data"), join(folder.path, "backup"));
  try {
    await drilled.start();
    const seconds = await recipe(drilled, {
      copy,
      remove: (path) => rm(path, { recursive: true, force: true }),
    });
    process.stdout.write(`${name}: whole after ${seconds.toFixed(1)} s\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stdout.write(
      `${name}: FAILED ${error instanceof Error ? (error.stack ?? "") : String(error)}\n`,
    );
  } finally {
    await drilled.stop();
    await folder.remove();
  }
}
