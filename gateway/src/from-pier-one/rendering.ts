import { atOnce, readJson } from "#registry-protocol/json/read-json.js";
import { isList, JsonNumber, type JsonValue } from "#registry-protocol/json/json-value.js";

/** How Pier One's JSON library writes what has nothing in it; clients write it without the space. */
export type Empties = "spaced" | "tight";

/** JSON in Pier One's form, and whether nobody could have written it in another order. */
export interface Rendered {
  readonly content: Buffer;
  /** Objects with more entries lose their order in Clojure. */
  readonly isOrderSure: boolean;
}

/** Clojure keeps the order of maps with so many entries. */
const MOST_ORDERED = 8;
const BOUNDS = {
  strict: true,
  maxDepth: 64,
  maxValues: 200_000,
  maxEntries: 10_000,
  maxCharacters: 4 * 1024 * 1024,
};
const INDENTATION = "   ";
/** What stands behind a backslash; that library has digits of `\u001f` in capitals. */
const ESCAPE = /\\(u[0-9a-f]{4}|.)/g;

/**
 * @param text - JSON as Pier One's database has it
 * @returns it, as it was written
 * @throws JsonProblem when it is none
 */
export function parseStored(text: string): JsonValue {
  return atOnce(readJson(Buffer.from(text), BOUNDS));
}

/**
 * Pier One keeps no bytes of manifests: it reads them as JSON and writes that again, three spaces deep, each time somebody asks.
 *
 * @param value - what it has
 * @param empties - how empty lists and objects are written
 * @returns the bytes that it sends
 */
export function render(value: JsonValue, empties: Empties): Rendered {
  const most = { entries: 0 };
  const text = written(value, "", empties, most);
  return { content: Buffer.from(text), isOrderSure: most.entries <= MOST_ORDERED };
}

function written(
  value: JsonValue,
  margin: string,
  empties: Empties,
  most: { entries: number },
): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quoted(value);
  if (value instanceof JsonNumber) return value.literal;
  const below = `${margin}${INDENTATION}`;
  const inner = (one: JsonValue) => written(one, below, empties, most);
  if (isList(value)) return wrapped("[]", value.map(inner), margin, empties);
  const { entries } = value;
  most.entries = Math.max(most.entries, entries.length);
  const lines = entries.map(([key, one]) => `${quoted(key)}: ${inner(one)}`);
  return wrapped("{}", lines, margin, empties);
}

function wrapped(
  [begin = "", end = ""]: string,
  lines: readonly string[],
  margin: string,
  empties: Empties,
): string {
  if (lines.length === 0) return empties === "spaced" ? `${begin} ${end}` : `${begin}${end}`;
  const below = `\n${margin}${INDENTATION}`;
  return `${begin}${below}${lines.join(`,${below}`)}\n${margin}${end}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(ESCAPE, (escape, rest: string) =>
    rest.length === 1 ? escape : `\\u${rest.slice(1).toUpperCase()}`,
  );
}
