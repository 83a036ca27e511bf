import { readFileSync } from "node:fs";
import { ConfigError, type EnvReader } from "./config.js";
import { isConfiguration } from "./exit-code.js";
import { codeOf } from "./error-code.js";

/**
 * Has what a variable names looked at when the variable is read, so that whatever is wrong there is told together with all
 * else that is.
 *
 * @param read - reader that collects faults
 * @param variable - the variable
 * @param look - throws when it cannot be used
 * @returns what `look` returns; `null` when it throws
 */
export function examine<T>(read: EnvReader, variable: string, look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    for (const fault of faultsOf(error)) read.fault(variable, fault);
    return null;
  }
}

/**
 * @param read - reader that collects faults
 * @param variable - names a file
 * @param path - what it says
 * @param load - checks the file's content
 * @returns what `load` returns; `null` when the file cannot be used
 */
export function examineFile<T>(
  read: EnvReader,
  variable: string,
  path: string,
  load: (text: string) => T,
): T | null {
  return examine(read, variable, () => {
    const text = contentOf(path);
    try {
      return load(text);
    } catch (error) {
      if (isConfiguration(error)) throw error;
      // The YAML library throws errors of its own for aliases that lead nowhere or explode.
      throw new Error(`${path}: ${String(error)}`, { cause: error });
    }
  });
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const fault = `given ${JSON.stringify(path)}, wanted a file that can be read${codeOf(error)}`;
    throw new ConfigError([fault]);
  }
}

function faultsOf(error: unknown): readonly string[] {
  if (isConfiguration(error)) return error.faults;
  return [error instanceof Error ? error.message : String(error)];
}
