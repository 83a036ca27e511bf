import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { launchOf } from "#local/processes/launch.js";
import { DIST } from "#local/repository-root.js";
import { waitUntil } from "#local/processes/wait.js";

/** What came of starting a token server. */
export type StartedTokenServer = RunningTokenServer | RefusedStart;

/** A token server in a process of its own, listening. */
export interface RunningTokenServer {
  readonly started: true;
  readonly url: string;
  /** Everything it printed so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** It ended by itself. */
export interface RefusedStart {
  readonly started: false;
  readonly code: number | null;
  readonly output: string;
}

const STARTS_WITHIN_MS = 30_000;
const PUBLIC_PORT = /"event":"listening","listener":"public","host":"[^"]*","port":(\d+)/;

/** A token server's process that has just been launched. */
export interface LaunchedTokenServer {
  /** Everything it printed so far. */
  output(): string;
  /** @returns it, once it listens or has refused to */
  started(): Promise<StartedTokenServer>;
  stop(): Promise<void>;
}

/**
 * @param env - what it is told, and nothing else but where programs are
 * @returns it, once it listens or has refused to
 */
export async function startTokenServerProcess(env: NodeJS.ProcessEnv): Promise<StartedTokenServer> {
  return launchTokenServer(env).started();
}

/**
 * @param env - what it is told, and nothing else but where programs are
 * @returns its process
 */
export function launchTokenServer(env: NodeJS.ProcessEnv): LaunchedTokenServer {
  const program = join(DIST, "token-server", "src", "main.js");
  const command = { file: process.execPath, args: [program], env: { ...environment(), ...env } };
  const launch = launchOf(command, "SIGTERM");
  const child = spawn(launch.file, launch.args, {
    ...launch.options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  // "close" and not "exit": what it printed at last has been read by then.
  const closed = once(child, "close");
  const port = () => PUBLIC_PORT.exec(output)?.[1];
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    child.kill("SIGTERM");
    await closed;
  };
  return {
    output: () => output,
    stop,
    started: async () => {
      const timing = { withinMs: STARTS_WITHIN_MS, everyMs: 10 };
      await waitUntil(() => hasEnded() || port() !== undefined, timing);
      const url = `http://127.0.0.1:${port() ?? ""}`;
      const signal = (name: NodeJS.Signals) => void child.kill(name);
      if (port() !== undefined) return { started: true, url, output: () => output, signal, stop };
      await stop();
      return { started: false, code: child.exitCode, output };
    },
  };
}

function environment(): NodeJS.ProcessEnv {
  const ports = { HOST: "127.0.0.1", PORT: "0", METRICS_PORT: "0" };
  return { PATH: process.env["PATH"], ...ports, DRAIN_SECONDS: "0", SHUTDOWN_DELAY_SECONDS: "0" };
}
