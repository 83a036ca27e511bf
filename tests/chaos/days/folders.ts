import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { runProgram } from "#local/processes/run-program.js";

/**
 * Copies a folder with owners and times, as backups do.
 *
 * @param from - folder
 * @param to - a folder that is not there yet
 * @throws Error with what `cp` said
 */
export async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const { ok, output } = await runProgram({ file: "cp", args: ["-a", from, to], env: process.env });
  if (!ok) throw new Error(output);
}
