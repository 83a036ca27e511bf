import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { reportOf } from "./jest-report.mjs";
import { orderFor, randomOrder } from "./random-order.mjs";
import { root, run } from "../set-up/run.mjs";

// Each end-to-end test starts a whole stack, so no more of them go on than there are processors.
const RUNS = {
  unit: ["--selectProjects", "unit", "--maxWorkers", "3"],
  // Of three that go on, one waits for a database, a registry or a time.
  usual: ["--selectProjects", "integration", "conformance", "attacks", "--maxWorkers", "3"],
  "in-time": ["--selectProjects", "in-time", "--runInBand"],
  e2e: ["--selectProjects", "e2e", "--maxWorkers", "2"],
};
// These wait for minutes and use no processor meanwhile, so they go on beside the others.
const SLOW_RUN = ["--selectProjects", "slow", "--runInBand"];

/**
 * @param {readonly string[]} args of the command line, for jest; a selection of projects among them
 *   replaces the usual one
 * @returns {Promise<{ counts: { passed: number, failed: number, skipped: number }, lines: string[] }>} how it
 *   went, and what is worth reading of it
 * @throws {Error} when TEST_SHARD or SEED is nothing that can be followed
 */
export async function runJest(args) {
  const order = randomOrder(process.env.SEED);
  const runs = await runProjects([...args, ...shardOf(process.env.TEST_SHARD)], order);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const run of runs) for (const name of Object.keys(counts)) counts[name] += run.counts[name];
  return { counts, lines: reportOf(runs.map(({ results }) => results).filter(Boolean)) };
}

async function runProjects(args, order) {
  const isChosen = args.includes("--selectProjects");
  // A failure that comes of the order comes again by it.
  if (order.isForAll || !isChosen)
    console.log(`${order.isForAll ? "tests" : "unit tests"} in random order: SEED=${order.seed}`);
  const runNamed = (name, own) => runOnce([...args, ...own, ...orderFor(order, name)], name);
  if (isChosen) return [await runNamed("chosen", ["--runInBand"])];
  const slow = runNamed("slow", SLOW_RUN);
  const runs = [];
  for (const [name, own] of Object.entries(RUNS)) runs.push(await runNamed(name, own));
  return [...runs, await slow];
}

/** Each machine takes its part of the files: `2/3` is the second of three. */
function shardOf(setting = "") {
  if (setting === "") return [];
  const [, part, parts] = /^([1-9]\d?)\/([1-9]\d?)$/.exec(setting) ?? [];
  if (part === undefined || Number(part) > Number(parts))
    throw new Error(`TEST_SHARD is "${setting}"; wanted is a part of a number of machines, as 2/3`);
  return [`--shard=${setting}`];
}

async function runOnce(args, name) {
  const folder = join(root, ".data", "test");
  const file = join(folder, `results-${name}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(file, { force: true });
  const jest = join(root, "node_modules", "jest", "bin", "jest.js");
  // Seen with Node 24: with the results written, it waits for ever for handles that it closes itself at its end.
  const output = ["--json", `--outputFile=${file}`, "--passWithNoTests", "--forceExit"];
  const code = await run(process.execPath, [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    jest,
    ...output,
    ...args,
  ]);
  if (!existsSync(file))
    return { counts: { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 }, results: null };
  const results = JSON.parse(readFileSync(file, "utf8"));
  return { counts: countsOf(results, code), results };
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
