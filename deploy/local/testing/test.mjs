import { checkNodeVersion } from "../set-up/node-version.mjs";

checkNodeVersion();
const { prepare } = await import("../set-up/prepare.mjs");
const { endOnSignal, npm } = await import("../set-up/run.mjs");
const { prepareTools } = await import("./prepare-tools.mjs");
const { preparePackages, testPackages } = await import("./packages.mjs");
const { runJest } = await import("./jest-runs.mjs");
const { useMemoryFolder } = await import("./memory-folder.mjs");

endOnSignal();
const counts = { passed: 0, failed: 0, skipped: 0 };

/** Counts one check that is not jest's. */
function count(name, succeeded) {
  console.log(`${succeeded ? "PASS" : "FAIL"} ${name}`);
  counts[succeeded ? "passed" : "failed"] += 1;
}

async function runAll() {
  count("types", await prepare(console.log));
  await preparePackages();
  // Lint has one processor to do with; the tools come over the network, and packages are tested one after the other.
  const lint = npm(["run", "--silent", "lint"]);
  try {
    await prepareTools();
    if (process.argv.length === 2)
      for (const [name, succeeded] of await testPackages()) count(name, succeeded);
  } finally {
    count("lint", (await lint) === 0);
  }
  useMemoryFolder();
  const tests = await runJest(process.argv.slice(2));
  for (const name of Object.keys(counts)) counts[name] += tests.counts[name];
  for (const line of tests.lines) console.log(line);
}

try {
  await runAll();
} catch (error) {
  console.error(`wharfinger: ${error.message}`);
  counts.failed += 1;
}
const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exit(counts.failed === 0 ? 0 : 1);
