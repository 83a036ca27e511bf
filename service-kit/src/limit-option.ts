import { UsageError } from "./command.js";

/** Lines that no command prints more of. */
export const MOST_LISTED = 999_999;

/**
 * @param text - value of `--limit`
 * @returns how many lines are printed at most
 * @throws UsageError for anything but a number from 1 to {@link MOST_LISTED}
 */
export function limitOption(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--limit: given ${text}, wanted a number from 1 to ${MOST_LISTED}`);
}
