import { UsageError } from "./command.js";

/**
 * @param option - by which it was given, for the message
 * @param text - what was given
 * @param range - the least and the most that it may be
 * @returns the whole number
 * @throws UsageError for anything else
 */
export function numberOption(
  option: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (/^(?:0|[1-9]\d{0,7})$/.test(text) && Number(text) >= min && Number(text) <= max)
    return Number(text);
  throw new UsageError(`${option}: given ${text}, wanted a number from ${min} to ${max}`);
}
