import { numberOption } from "./number-option.js";

/** Lines that no command prints more of. */
const MOST_LISTED = 999_999;

/**
 * @param text - value of `--limit`
 * @returns how many lines are printed at most
 * @throws UsageError for anything but a number from 1 to {@link MOST_LISTED}
 */
export function limitOption(text: string): number {
  return numberOption("--limit", text, { min: 1, max: MOST_LISTED });
}
