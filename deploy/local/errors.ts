/** Something the person at the terminal can put right; its message is all that is shown. */
export class LocalStackError extends Error {
  override readonly name = "LocalStackError";
  readonly isConfiguration: boolean;

  /**
   * @param message - what is wrong, and what to do
   * @param isConfiguration - whether another start ends in the same way, until the settings are others
   */
  constructor(message: string, isConfiguration = false) {
    super(message);
    this.isConfiguration = isConfiguration;
  }
}

/** The stack was asked to stop while it was still starting. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";

  constructor() {
    super("stopped");
  }
}

/**
 * @param error - anything thrown
 * @param code - an error code of the operating system, e.g. `ENOENT`
 * @returns whether the error carries that code
 */
export function hasCode(error: unknown, code: string): boolean {
  // Not `instanceof Error`: tests run in a realm whose Error is another one than that of Node's modules.
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}
