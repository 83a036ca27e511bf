import { isList, JsonNumber, JsonObject, type JsonValue } from "./json-value.js";
import type { Work } from "./read-json.js";

/** Texts put together in one step. */
const TEXTS_A_STEP = 200;
/** Of strings written in one step. */
const CHARACTERS_A_STEP = 100_000;

/** What was written since the last step. */
interface Effort {
  texts: number;
  characters: number;
}

/**
 * @param value - JSON without doubled keys, and not nested deeper than the stack can bear
 * @returns steps that end with one text for all values that mean the same: without white space, keys in order, and
 *   without entries that are empty, which writers leave out or not
 */
export function canonicalJson(value: JsonValue): Work<string> {
  return write(value, { texts: 0, characters: 0 });
}

function* write(value: JsonValue, effort: Effort): Work<string> {
  effort.texts += 1;
  if (effort.texts >= TEXTS_A_STEP || effort.characters >= CHARACTERS_A_STEP) {
    [effort.texts, effort.characters] = [0, 0];
    yield undefined;
  }
  if (isList(value)) return `[${(yield* writeAll(value, effort)).join()}]`;
  if (value instanceof JsonObject) return `{${(yield* writeEntries(value, effort)).join()}}`;
  if (value instanceof JsonNumber) return value.literal;
  if (typeof value === "string") effort.characters += value.length;
  return JSON.stringify(value);
}

function* writeAll(list: readonly JsonValue[], effort: Effort): Work<string[]> {
  const texts: string[] = [];
  for (const value of list) texts.push(yield* write(value, effort));
  return texts;
}

function* writeEntries({ entries }: JsonObject, effort: Effort): Work<string[]> {
  const kept = entries.filter(([, value]) => !isEmpty(value));
  const texts: string[] = [];
  for (const [key, value] of kept.sort(([one], [other]) => (one < other ? -1 : 1))) {
    effort.characters += key.length;
    texts.push(`${JSON.stringify(key)}:${yield* write(value, effort)}`);
  }
  return texts;
}

function isEmpty(value: JsonValue): boolean {
  if (isList(value)) return value.length === 0;
  return value === null || (value instanceof JsonObject && value.entries.length === 0);
}
