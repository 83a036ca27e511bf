import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#local/repository-root.js";

/** The one file, as users have it. */
const WHARF = join(REPOSITORY_ROOT, "cli/dist/wharf.mjs");

/** What became of a command. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param words - the command line behind `wharf`
 * @param env - its whole environment
 * @param input - its standard input
 * @param heard - told of what it has written to its standard output so far, and what sends it a signal
 * @returns what it ended with, and what it wrote
 */
export async function runWharf(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  input = "",
  heard: (stdout: string, signal: (name: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [WHARF, ...words], { env });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (written[name] += text));
  child.stdout.on("data", () => {
    heard(written.stdout, (name) => child.kill(name));
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, ...written };
}
