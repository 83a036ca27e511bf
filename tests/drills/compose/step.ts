import { runProgram } from "#local/processes/run-program.js";
import type { Command } from "#local/processes/launch.js";

/** One thing of the drill that was done, and how long it took. */
export interface Done {
  readonly what: string;
  readonly seconds: number;
}

/**
 * @param what - is done, for whoever watches
 * @param work - does it; what it returns is said beside
 * @param done - where it is noted
 * @returns what it returned
 */
export async function step(
  what: string,
  work: () => Promise<string | undefined>,
  done: Done[],
): Promise<void> {
  const begun = performance.now();
  const said = await work();
  const seconds = (performance.now() - begun) / 1_000;
  done.push({ what, seconds });
  const told = said === undefined || said === "" ? "" : `: ${said}`;
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${what}${told}`);
}

/**
 * @param command - a program
 * @param minutes - how long it may take
 * @returns what it printed on its standard output
 * @throws Error with all that it printed, when it fails
 */
export async function must(command: Command, minutes = 10): Promise<string> {
  const { ok, stdout, output } = await runProgram(command, { timeoutMs: minutes * 60_000 });
  if (ok) return stdout.trim();
  throw new Error(`${command.file} ${command.args.join(" ")}\n${output.slice(-4_000)}`);
}

/** @throws Error that says what was not as it has to be */
export function hold(what: string, isSo: boolean, seen: unknown = ""): void {
  if (isSo) return;
  throw new Error(`not so: ${what}${seen === "" ? "" : ` (${JSON.stringify(seen)})`}`);
}
