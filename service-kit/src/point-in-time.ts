import { UsageError } from "./command.js";

const UNIT_MILLISECONDS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** How every command's usage names it. */
export const TIME_FORMS = "2026-11-20, 2026-11-20T20:00:00Z, or 90m, 24h, 7d ago";

/**
 * @param option - by which it was given, for the message
 * @param text - a date, a time of RFC 3339, or how long ago: `90m`, `24h`, `7d`
 * @param now - current time in milliseconds since the epoch
 * @returns the time
 * @throws UsageError for anything else
 */
export function pointInTime(option: string, text: string, now: number): Date {
  const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now - Number(count) * (UNIT_MILLISECONDS[unit] ?? 0));
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time))
    throw new UsageError(`${option}: given ${text}, wanted a time: ${TIME_FORMS}`);
  return new Date(time);
}
