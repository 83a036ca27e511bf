import { Fault } from "#registry-protocol/faults.js";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const NUMBER = /^\d{1,18}$/;
const MOST_CHARACTERS = 1_000;

/**
 * @param text - a time as places have it, to the microsecond
 * @returns whether it is one
 */
export function isInstant(text: string): boolean {
  if (!INSTANT.test(text)) return false;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === text.slice(0, 19);
}

/** What a list is sorted by. */
export type KeyKind = "text" | "bigint" | "timestamptz";

/**
 * @param kind - what a list is sorted by
 * @param key - where a page of it ended, as somebody says
 * @throws Fault REQUEST_INVALID when it did not end there
 */
export function requireKey(kind: KeyKind, key: string): void {
  const fits = {
    // Which no text of Postgres' can have.
    text: key.length <= MOST_CHARACTERS && !key.includes("\0"),
    bigint: NUMBER.test(key),
    timestamptz: key === "-infinity" || isInstant(key),
  };
  if (fits[kind]) return;
  throw new Fault("REQUEST_INVALID", {
    message: "cursor: wanted what an answer said under next, with the same parameters beside it",
  });
}
