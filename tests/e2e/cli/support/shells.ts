import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { findOnPath } from "#local/processes/launch.js";
import { eventually } from "#tests/support/eventually.js";

const WHARF = join(REPOSITORY_ROOT, "cli/dist/wharf.mjs");

/** How a shell is begun on a terminal, and what it is told first. */
const SHELLS = {
  bash: ["bash --noprofile --norc -i", "source <(wharf completion bash)"],
  zsh: [
    "zsh -f -i",
    "autoload -U compinit; compinit -D -u; setopt no_beep; source <(wharf completion zsh)",
  ],
  fish: ["fish --no-config -i", "wharf completion fish | source"],
} as const;
/** A shell that wharf completes words in. */
export type CompletingShell = keyof typeof SHELLS;

/** @returns why a shell cannot be tried here; `null`: it can */
export function whyNot(shell: CompletingShell): string | null {
  return findOnPath(shell) === null
    ? `${shell} is not installed (Debian's package ${shell})`
    : null;
}

/**
 * @param folder - where a program `wharf` is put, which completes words, and otherwise says what it was called with
 * @returns the folder, for a path
 */
export async function sayingWharf(folder: string): Promise<string> {
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  const program = `#!/bin/sh
case $1 in
  __complete|completion) exec '${process.execPath}' '${WHARF}' "$@" ;;
  *) printf 'called with <%s>\\n' "$*" ;;
esac
`;
  await writeFile(join(bin, "wharf"), program);
  await chmod(join(bin, "wharf"), 0o755);
  return bin;
}

/**
 * Types into a shell on a terminal, as somebody does.
 *
 * @param shell - which one
 * @param typed - a command line as far as it is typed; then come a tabulator and the end of the line
 * @param env - of the shell
 * @returns what wharf was called with
 */
export async function completed(
  shell: CompletingShell,
  typed: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const [call, first] = SHELLS[shell];
  const terminal = spawn("script", ["-qfec", call, "/dev/null"], {
    env: { ...env, TERM: "xterm", PS1: "> ", COLUMNS: "200" },
  });
  let said = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  terminal.stdin.on("error", () => undefined);
  // What is said is split where it is typed, so that what is typed does not look like it.
  terminal.stdin.write(`${first}; echo rea''dy\r`);
  try {
    await eventually(`${shell} is ready`, () => /\bready\b/.test(said));
    terminal.stdin.write(`${typed}\t`);
    await eventually(`${shell} shows what is typed`, () => said.includes(typed.slice(0, 8)));
    terminal.stdin.write("\r");
    await eventually(`${shell} has called it`, () => /called with <.*>/.test(said));
    return /called with <(.*)>/.exec(said)?.[1]?.trim() ?? "";
  } catch (error) {
    throw new Error(`${shell} said ${JSON.stringify(said)}`, { cause: error });
  } finally {
    terminal.kill("SIGKILL");
    await once(terminal, "close");
  }
}
