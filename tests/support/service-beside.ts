import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { launchOf } from "#local/processes/launch.js";
import { portPicker } from "#local/processes/ports.js";
import { waitUntil, answersOk } from "#local/processes/wait.js";
import { DIST } from "#local/repository-root.js";
import type { TestStack } from "./stack.js";

/** A process of ours beside a stack's own of that kind, on the same database. */
export interface ServiceBeside {
  readonly port: number;
  readonly url: string;
  /** @returns its process id, 0 before its start */
  pid(): number;
  /** Everything it printed so far, in all its lives. */
  output(): string;
  /** Counts from its next start on, beside all that it was told before. */
  tell(told: NodeJS.ProcessEnv): void;
  /** @returns what it was told last of a variable */
  told(variable: string): string | undefined;
  /** Starts it, also again. @throws Error with what it printed when it does not become ready */
  start(): Promise<void>;
  /** @returns its exit code, once it has ended */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const PROGRAMS = {
  gateway: ["gateway", "src", "main.js"],
  "token-server": ["token-server", "src", "main.js"],
} as const;
/** With many clients on few cores a start takes its time. */
const READY_WITHIN_MS = 180_000;
const ports = portPicker();

/**
 * @param stack - a running stack
 * @param part - which of its services
 * @param told - what it is told otherwise than the stack's own
 * @returns another one on ports of its own, not started
 */
export async function serviceBeside(
  stack: TestStack,
  part: keyof typeof PROGRAMS,
  told: NodeJS.ProcessEnv = {},
): Promise<ServiceBeside> {
  const [port, metricsPort] = [await ports.next(), await ports.next()];
  const own = { PORT: String(port), METRICS_PORT: String(metricsPort), NOTIFICATION_PORT: "0" };
  const env: NodeJS.ProcessEnv = {
    ...(await environmentOf(stack, part)),
    ...own,
    ...told,
  };
  const command = { file: process.execPath, args: [join(DIST, ...PROGRAMS[part])] };
  const isTls = (env["TLS_CERTIFICATE_FILE"] ?? "") !== "";
  const url = isTls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  let output = "";
  let child: ChildProcess | null = null;
  return {
    port,
    url,
    pid: () => child?.pid ?? 0,
    output: () => output,
    tell: (more) => {
      Object.assign(env, more);
    },
    told: (variable) => env[variable],
    start: async () => {
      const launch = launchOf({ ...command, env: { ...env } }, "SIGTERM");
      const stdio = ["ignore", "pipe", "pipe"] as const;
      const started = spawn(launch.file, launch.args, { ...launch.options, stdio: [...stdio] });
      child = started;
      for (const stream of [started.stdout, started.stderr])
        stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
      const isReady = () => answersOk(`${url}/ready`).catch(() => false);
      const isOver = async () => started.exitCode !== null || (await isReady());
      await waitUntil(isOver, { withinMs: READY_WITHIN_MS });
      if (!(await isReady())) throw new Error(`a second ${part} is not ready:\n${output}`);
    },
    stop: async (signal = "SIGTERM") => {
      if (child === null || child.exitCode !== null || child.signalCode !== null)
        return child?.exitCode ?? null;
      const exit = once(child, "exit");
      child.kill(signal);
      await exit;
      return child.exitCode;
    },
  };
}

/**
 * @param stack - a running stack
 * @param part - one of its services
 * @returns what that was started with
 */
export async function environmentOf(
  stack: TestStack,
  part: keyof typeof PROGRAMS,
): Promise<NodeJS.ProcessEnv> {
  const pid = await stack.pidOf(part);
  if (pid === null) throw new Error(`the ${part} does not run`);
  const text = await readFile(`/proc/${pid}/environ`, "utf8");
  return Object.fromEntries(
    text
      .split("\0")
      .filter((entry) => entry !== "")
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}
