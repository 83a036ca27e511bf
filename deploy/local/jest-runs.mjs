import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./run.mjs";

// The end-to-end tests time out when they have to share two cores with anything else.
const RUNS = [
  ["--selectProjects", "unit", "integration", "attacks", "--maxWorkers", "2"],
  ["--selectProjects", "e2e", "--runInBand"],
];
// These wait for minutes and use no processor meanwhile, so they go on beside the others.
const SLOW_RUN = ["--selectProjects", "slow", "--runInBand"];

/**
 * @param {readonly string[]} args of the command line, for jest; a selection of projects among them
 *   replaces the usual one
 * @returns {Promise<{ passed: number, failed: number, skipped: number }[]>} how each run went
 */
export async function runJest(args) {
  if (args.includes("--selectProjects")) return [await runOnce([...args, "--runInBand"], "chosen")];
  const slow = runOnce([...args, ...SLOW_RUN], "slow");
  const results = [];
  for (const run of RUNS) results.push(await runOnce([...args, ...run], "usual"));
  return [...results, await slow];
}

async function runOnce(args, name) {
  const folder = join(root, ".data", "test");
  const file = join(folder, `results-${name}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(file, { force: true });
  const jest = join(root, "node_modules", "jest", "bin", "jest.js");
  const output = ["--json", `--outputFile=${file}`, "--passWithNoTests"];
  const code = await run(process.execPath, [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    jest,
    ...output,
    ...args,
  ]);
  if (!existsSync(file)) return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  return countsOf(JSON.parse(readFileSync(file, "utf8")), code);
}

function countsOf(results, code) {
  // A file that cannot be loaded has no tests that could fail.
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}
