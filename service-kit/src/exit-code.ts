import { ConfigError } from "./config.js";
import { YamlFileError } from "./yaml-file.js";

/** `EX_CONFIG` of sysexits.h: another start ends in the same way, until the configuration is another. */
export const EX_CONFIG = 78;
const CRASHED = 1;

/**
 * @param error - what ends a process
 * @returns whether the operator's settings are wrong, and its message says all that there is to say
 */
export function isConfiguration(error: unknown): error is ConfigError | YamlFileError {
  return error instanceof ConfigError || error instanceof YamlFileError;
}

/** Another process ended that this one does not go on without. */
export class OtherEnded extends Error {
  override readonly name = "OtherEnded";
  readonly exitCode: number;

  /** @param exitCode - what it ended with */
  constructor(exitCode: number) {
    super(`a process ended with ${exitCode} before it was up`);
    this.exitCode = exitCode;
  }
}

/**
 * @param error - what ends a process
 * @returns what it ends with
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof OtherEnded) return error.exitCode;
  return isConfiguration(error) ? EX_CONFIG : CRASHED;
}
