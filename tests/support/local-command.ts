import { REPOSITORY_ROOT } from "#local/repository-root.js";
import type { runProgram } from "#local/processes/run-program.js";

/**
 * @param dataDir - data folder of a local stack
 * @param words - program of a command of `package.json`, below `dist`, and its arguments
 * @param differences - variables that it is told otherwise
 * @returns how that is run beside the stack, by an operator called olga
 */
export function localCommand(
  dataDir: string,
  words: readonly string[],
  differences: NodeJS.ProcessEnv = {},
): Parameters<typeof runProgram>[0] {
  return {
    file: process.execPath,
    args: ["deploy/local/commands/command.mjs", ...words],
    env: { SUDO_USER: "olga", PATH: process.env["PATH"], DATA_DIR: dataDir, ...differences },
    cwd: REPOSITORY_ROOT,
  };
}
