import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

/** What goes wrong one thing at a time, in tests that decide it exactly; chaos runs them and counts. */
const SUITES = [
  ["a fault at each step of a push", "integration/gateway/upstream-faults"],
  ["Postgres away", "integration/(ledger/database-away|gateway/tag-reads)"],
  ["tags written behind the gateway's back", "integration/discovery/drift"],
  ["tags that move while readers lose Postgres", "integration/chaos/moves"],
  ["rows of the audit log changed by hand", "integration/audit-log/tampering"],
] as const;

/** How the tests of one kind of fault went. */
export interface SuiteSummary {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
}

/**
 * @param say - takes a line of output
 * @returns how each suite went; one that could not be run has failed
 */
export async function runSuites(say: (line: string) => void): Promise<SuiteSummary[]> {
  const summaries: SuiteSummary[] = [];
  for (const [name, pattern] of SUITES) {
    const output = await runJest(pattern);
    for (const line of output.split("\n").filter((each) => each.startsWith("| "))) say(line);
    const failed = countOf(output, "failed");
    const passed = countOf(output, "passed");
    summaries.push({ name, passed, failed: passed + failed === 0 ? 1 : failed });
  }
  return summaries;
}

/**
 * Compares a ledger of a million tags with one of a thousand; it prints by itself.
 *
 * @returns whether it came to its end
 */
export async function runLedgerSize(): Promise<boolean> {
  const program = join(REPOSITORY_ROOT, "dist", "tests", "bench", "ledger-size.js");
  const child = spawn(process.execPath, [program], { cwd: REPOSITORY_ROOT, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code === 0);
    });
  });
}

async function runJest(pattern: string): Promise<string> {
  const child = spawn(
    process.execPath,
    [
      "--experimental-vm-modules",
      join(REPOSITORY_ROOT, "node_modules", "jest", "bin", "jest.js"),
      ...["--selectProjects", "integration", "--testPathPatterns", pattern],
    ],
    {
      cwd: REPOSITORY_ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { CHAOS_READS: "20000", ...process.env },
    },
  );
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return `${stdout}\n${stderr}`;
}

/** Of the line `Tests: 1 failed, 5 passed, 6 total`. */
function countOf(output: string, outcome: "passed" | "failed"): number {
  const line = /^Tests: .*$/m.exec(output)?.[0] ?? "";
  return Number(new RegExp(`(\\d+) ${outcome}`).exec(line)?.[1] ?? 0);
}
