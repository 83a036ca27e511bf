import { UsageError } from "./command.js";

const UNIT_SECONDS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 };

/** How every command's usage names a length of time. */
export const DURATION_FORMS = "90 or 90s, 15m, 24h, 7d";

/**
 * @param option - by which it was given, for the message
 * @param text - a number of seconds, or a number with its unit: `90s`, `15m`, `24h`, `7d`
 * @param mostSeconds - how long it may be
 * @returns the seconds
 * @throws UsageError for anything else
 */
export function durationSeconds(option: string, text: string, mostSeconds: number): number {
  const [, count, unit = ""] = /^(\d{1,8})([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(count) * (UNIT_SECONDS[unit] ?? 0);
  if (count !== undefined && seconds <= mostSeconds) return seconds;
  throw new UsageError(
    `${option}: given ${text}, wanted ${DURATION_FORMS}, ${mostSeconds} seconds at most`,
  );
}
