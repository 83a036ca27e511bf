import { InvalidArgumentError } from "commander";
import { nearest } from "../config/nearest.js";
import { UsageFault } from "../exit/faults.js";

/**
 * @param word - a team, a name or an id, as it was written
 * @param what - what it is to be
 * @returns the word
 * @throws UsageFault when it cannot be one
 */
export function plainWord(word: string | undefined, what: string): string {
  if (word === undefined || !/^[A-Za-z0-9._/-]+$/.test(word))
    throw new UsageFault(`${what} is missing or not valid`);
  return word;
}

/**
 * @param what - what is counted
 * @param most - greatest number
 * @param least - smallest
 * @returns reads an option's value as a whole number
 */
export function wholeNumber(what: string, most: number, least = 0): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Wanted ${what}, from ${least} to ${most}.`);
  };
}

/**
 * @param words - what can be chosen
 * @returns reads an option's value as one of them, and names the nearest one of a mistake
 */
export function oneOf<const T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    const near = nearest(text, words);
    throw new InvalidArgumentError(
      `Wanted one of ${words.join(", ")}.${near === null ? "" : ` (Did you mean ${near}?)`}`,
    );
  };
}

/**
 * @param text - `90d`, `12h`, `30m`, or a time as in `2026-11-20T12:00:00Z` or `2026-11-20`
 * @param now - the present, milliseconds
 * @returns the time, in RFC 3339's form
 */
export function timeAt(text: string, now: number): string {
  const span = /^(\d{1,5})([smhdw])$/.exec(text);
  if (span !== null) {
    const unit = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[span[2] ?? "s"] ?? 1;
    return new Date(now - Number(span[1]) * unit * 1000).toISOString();
  }
  const time = /^\d{4}-\d\d-\d\d(?:[Tt]|$)/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(time.getTime()))
    throw new UsageFault(
      `${JSON.stringify(text)} is no time`,
      "as 90d, 12h, 30m or 2026-11-20T12:00:00Z",
    );
  return time.toISOString();
}

/** @returns reads an option's value as a time, as `timeAt` does */
export function sinceOption(text: string): string {
  try {
    return timeAt(text, Date.now());
  } catch (error) {
    throw new InvalidArgumentError(
      error instanceof UsageFault ? `${error.message}: ${error.hint ?? ""}.` : "",
    );
  }
}

/** @returns reads an option's value as a length of time, in seconds: `90s`, `15m`, `24h`, `7d`, a bare number is seconds */
export function secondsOption(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,5})([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(number) * ({ m: 60, h: 3_600, d: 86_400 }[unit] ?? 1);
  if (number !== "" && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError("Wanted a length of time, as 90s, 15m or 24h, of a day at most.");
}
