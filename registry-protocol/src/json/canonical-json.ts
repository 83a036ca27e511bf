import { isList, JsonNumber, JsonObject, type JsonValue } from "./json-value.js";

/**
 * @param value - JSON without doubled keys
 * @returns one text for all values that mean the same: without white space, keys in order, and without entries
 *   that are empty, which writers leave out or not
 */
export function canonicalJson(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.literal;
  if (isList(value)) return `[${value.map(canonicalJson).join()}]`;
  if (!(value instanceof JsonObject)) return JSON.stringify(value);
  const entries = value.entries
    .filter(([, entry]) => !isEmpty(entry))
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`);
  return `{${entries.sort().join()}}`;
}

function isEmpty(value: JsonValue): boolean {
  if (isList(value)) return value.length === 0;
  return value === null || (value instanceof JsonObject && value.entries.length === 0);
}
