import { execFile } from "node:child_process";
import { launchOf, type Command } from "./launch.js";

/** How a program that was run to its end went. */
export interface Outcome {
  ok: boolean;
  stdout: string;
  /** Both outputs, for a message to the user. */
  output: string;
}

/**
 * Runs a program to its end. It never outlives this process.
 *
 * @param command - what to run
 * @param options - time limit (60 s when absent) and who may end it early
 * @returns how it went; a program that cannot be started counts as failed
 */
export async function runProgram(
  command: Command,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const { file, args, options: launch } = launchOf(command, "SIGKILL");
  const { timeoutMs = 60_000, signal } = options;
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      {
        ...launch,
        timeout: timeoutMs,
        killSignal: "SIGKILL",
        maxBuffer: 16 * 1024 * 1024,
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        const said = `${stdout}${stderr}`.trim();
        const output = said === "" ? (error?.message ?? "") : said;
        resolve({ ok: error === null, stdout, output });
      },
    );
  });
}
