import { UsageError } from "#service-kit/command.js";

/**
 * What can be no such name is in no entry: nobody need look for it.
 *
 * @param option - by which it was given, for the message
 * @param text - what was given; `undefined`: nothing
 * @param parse - understands it, or throws
 * @returns what was understood; `null`: nothing was given
 * @throws UsageError that says what is wrong
 */
export function parsed<T>(
  option: string,
  text: string | undefined,
  parse: (text: string) => T,
): T | null {
  try {
    return text === undefined ? null : parse(text);
  } catch (error) {
    throw new UsageError(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
