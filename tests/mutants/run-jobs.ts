import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { RunEvent } from "./event-reporter.js";
import type { Told } from "./stop-early.js";
import type { Scratch } from "./scratch.js";

/** One test file, run under one order. */
export interface Job {
  readonly name: string;
  /** Path of the test file from the repository's root. */
  readonly test: string;
  readonly order: string;
  /** Which tests are to be run, by title, and whether the first that fails is the last. */
  readonly told: Omit<Told, "runningTest">;
}

/** What became of a job; `"hung"`: it had to be ended. */
export type JobEnd = Extract<RunEvent, { at: "end" }> | "hung";

/** How long things may take, in milliseconds. */
export interface Patience {
  readonly test: number;
  readonly file: number;
}

const FOLDER = "tests/unit/one-guard-out";
const AT_ONCE = 60;

/**
 * Runs test files one after the other, some in each process of jest: starting it costs more than most files.
 *
 * @param scratch - the copy of the repository
 * @param jobs - what is to be run
 * @param patience - bounds in time; what hangs is ended, and the rest goes on
 * @param ended - told of each job
 */
export async function runJobs(
  scratch: Scratch,
  jobs: readonly Job[],
  patience: Patience,
  ended: (job: Job, end: JobEnd) => void,
): Promise<void> {
  let left = [...jobs];
  while (left.length > 0) {
    const batch = left.slice(0, AT_ONCE);
    const done = await runBatch(scratch, batch, patience, ended);
    left = left.filter(({ name }) => !done.has(name));
  }
}

async function runBatch(
  scratch: Scratch,
  batch: readonly Job[],
  patience: Patience,
  ended: (job: Job, end: JobEnd) => void,
): Promise<Set<string>> {
  const folder = join(scratch.root, FOLDER);
  const events = join(scratch.root, "..", "events");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const job of batch)
    writeFileSync(join(folder, `${job.name}.test.ts`), wrapper(scratch, job));
  writeFileSync(events, "");
  const state = { done: new Set<string>(), running: null as string | null, read: 0 };
  const follow = () => {
    const lines = readFileSync(events, "utf8").split("\n").slice(0, -1);
    for (const line of lines.slice(state.read)) {
      const event = JSON.parse(line) as RunEvent;
      state.running = event.at === "start" ? event.job : null;
      const job = batch.find(({ name }) => name === event.job);
      if (event.at === "start" || job === undefined) continue;
      state.done.add(job.name);
      ended(job, event);
    }
    state.read = lines.length;
  };
  const isIdle = () => Date.now() - statSync(events).mtimeMs > patience.file;
  await whileRunning(startJest(scratch, events, patience), follow, isIdle);
  follow();
  const hung =
    batch.find(({ name }) => name === state.running) ??
    (state.done.size === 0 ? batch[0] : undefined);
  if (hung !== undefined) {
    state.done.add(hung.name);
    ended(hung, "hung");
  }
  return state.done;
}

async function whileRunning(
  child: ChildProcess,
  follow: () => void,
  isIdle: () => boolean,
): Promise<void> {
  const closed = once(child, "close");
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended by itself meanwhile.
    }
  };
  const giveUp = () => {
    end();
    process.exit(1);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, giveUp);
  while (child.exitCode === null && child.signalCode === null) {
    await Promise.race([closed, setTimeout(500)]);
    follow();
    if (isIdle()) end();
  }
  await closed;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, giveUp);
}

function startJest({ root }: Scratch, events: string, patience: Patience): ChildProcess {
  const jest = spawn(
    "nice",
    [
      ...["-n", "10", process.execPath, "--experimental-vm-modules"],
      ...["node_modules/jest/bin/jest.js", FOLDER, "--selectProjects", "unit", "--runInBand"],
      `--testTimeout=${patience.test}`,
      `--reporters=${join(root, "dist/tests/mutants/event-reporter.js")}`,
    ],
    {
      cwd: root,
      env: { ...process.env, ONE_GUARD_OUT_EVENTS: events },
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    },
  );
  jest.stderr.resume();
  return jest;
}

function wrapper({ root, orders }: Scratch, { test, order, told }: Job): string {
  const path = relative(join(root, FOLDER), join(root, test)).replace(/\.ts$/, ".js");
  return `/** @jest-environment ${join(root, "dist/tests/mutants/stop-early.js")} */
import { writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(orders)}, ${JSON.stringify(order)});
Object.assign(globalThis.told, ${JSON.stringify(told)});
await import(${JSON.stringify(path)});
`;
}
