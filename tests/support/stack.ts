import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { notedProcesses } from "#local/processes/pid-files.js";
import { launchOf } from "#local/processes/launch.js";
import { waitUntil } from "#local/processes/wait.js";
import { temporaryFolder } from "./temporary-folder.js";
import { testTools } from "./tools.js";

/** Parts of the stack that a test can kill. */
export type Part =
  | "gateway"
  | "identity-provider"
  | "postgres"
  | "registry"
  | "sns"
  | "token-server"
  | "token-server-2";

/** A local stack of its own, as `npm start` runs it. */
export interface TestStack {
  /** URL of the gateway. */
  url: string;
  port: number;
  dataDir: string;
  supervisor: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  /** Addresses of the parts behind the gateway, by name as in `run/stack.json`. */
  addresses(): Promise<Record<string, string>>;
  /** Process id of a part, or `null` while it does not run. */
  pidOf(part: Part): Promise<number | null>;
  /** Kills a part with SIGKILL; the supervisor starts it again. */
  kill(part: Part): Promise<void>;
  /** Kills a part with SIGKILL and waits until the supervisor has it back. */
  killAndAwait(part: Part): Promise<void>;
  /** Ends the stack as Ctrl-C does and resolves with its exit code; the data go when they are its own. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** What a test can choose. */
export interface TestStackOptions {
  /** Data folder that stays; absent: a new one that goes with the stack. */
  dataDir?: string;
  port?: number;
  env?: NodeJS.ProcessEnv;
  /** Folder of another version that has been compiled; absent: this one. */
  root?: string;
  /** Absent: the stack with one registry. */
  kind?: "stack" | "two";
}

const READY_WITHIN_MS = 90_000;

/**
 * @param options - what differs from a stack as a user starts it
 * @returns the stack, ready
 * @throws Error with everything it printed when it does not become ready
 */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const own = options.dataDir === undefined ? await temporaryFolder() : null;
  const dataDir = options.dataDir ?? own?.path ?? "";
  const { supervisor, output } = launchStack({ ...options, dataDir });
  const readyUrl = () => /^ready (https?:\S+)$/m.exec(output())?.[1];
  const hasEnded = () => supervisor.exitCode !== null || supervisor.signalCode !== null;
  await waitUntil(() => hasEnded() || readyUrl() !== undefined, { withinMs: READY_WITHIN_MS });
  const url = readyUrl();
  if (url === undefined) {
    await end(supervisor, "SIGTERM");
    await own?.remove();
    throw new Error(`the stack did not become ready:\n${output()}`);
  }
  const parts = partsOf(dataDir, output);
  return {
    url,
    port: Number(new URL(url).port),
    dataDir,
    supervisor,
    output,
    ...parts,
    stop: async (signal = "SIGTERM") => {
      const code = await end(supervisor, signal);
      await own?.remove();
      return code;
    },
  };
}

/**
 * @param options - what differs from a stack as a user starts it
 * @returns the supervisor's process, just launched, and what it prints
 */
export function launchStack(options: TestStackOptions & { dataDir: string }): {
  supervisor: ChildProcess;
  output: () => string;
} {
  const { registry } = testTools();
  const root = options.root ?? REPOSITORY_ROOT;
  const command = {
    file: process.execPath,
    args: [join(root, "dist", "deploy", "local", options.kind ?? "stack", "main.js")],
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      DATA_DIR: options.dataDir,
      PORT: String(options.port ?? 0),
      ...(registry.kind === "binary" ? { REGISTRY_BIN: registry.file } : {}),
      ...options.env,
    },
  };
  // A test run that is killed must not leave stacks behind.
  const launch = launchOf(command, "SIGTERM");
  const supervisor = spawn(launch.file, launch.args, {
    ...launch.options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [supervisor.stdout, supervisor.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return { supervisor, output: () => text };
}

function partsOf(dataDir: string, output: () => string) {
  const run = join(dataDir, "run");
  const pidOf = async (part: Part) => (await notedProcesses(run)).get(part) ?? null;
  const kill = async (part: Part) => {
    const pid = await pidOf(part);
    if (pid === null) throw new Error(`${part} does not run`);
    process.kill(pid, "SIGKILL");
  };
  const returnsOf = (part: Part) => output().split(`${part} is back\n`).length;
  return {
    addresses: async () =>
      JSON.parse(await readFile(join(run, "stack.json"), "utf8")) as Record<string, string>,
    pidOf,
    kill,
    killAndAwait: async (part: Part) => {
      const before = returnsOf(part);
      await kill(part);
      const isBack = await waitUntil(() => returnsOf(part) > before, { withinMs: 60_000 });
      if (!isBack) throw new Error(`${part} did not come back:\n${output()}`);
    },
  };
}

async function end(supervisor: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (supervisor.exitCode !== null || supervisor.signalCode !== null) return supervisor.exitCode;
  const exit = once(supervisor, "exit");
  supervisor.kill(signal);
  await exit;
  return supervisor.exitCode;
}
