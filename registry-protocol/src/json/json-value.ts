/** JSON as it was written (RFC 8259): nothing in it is merged, rounded or dropped yet. */
export type JsonValue = null | boolean | string | JsonNumber | JsonObject | readonly JsonValue[];

/** A number as it is written: `1.0` is an integer to one reader and none to another. */
export class JsonNumber {
  readonly literal: string;

  constructor(literal: string) {
    this.literal = literal;
  }
}

/** An object's entries in their order, doubled keys included where the reader lets them pass. */
export class JsonObject {
  readonly entries: readonly (readonly [key: string, value: JsonValue])[];

  constructor(entries: readonly (readonly [key: string, value: JsonValue])[]) {
    this.entries = entries;
  }
}

/** What is wrong with a JSON text, in words for whoever wrote it. */
export class JsonProblem extends Error {
  override readonly name = "JsonProblem";
}

/**
 * @param value - any value
 * @returns whether it is a list
 */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

const MOST_SHOWN_CHARACTERS = 60;

/**
 * @param text - a stranger's text of any length
 * @returns it in quotes, in printable ASCII, with its end cut off where it is long
 */
export function shown(text: string): string {
  const cut = text.length > MOST_SHOWN_CHARACTERS;
  const quoted = JSON.stringify(cut ? `${text.slice(0, MOST_SHOWN_CHARACTERS)}...` : text);
  return quoted.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
