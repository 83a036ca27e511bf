import {
  JsonNumber,
  JsonObject,
  JsonProblem,
  isList,
  shown,
  type JsonValue,
} from "./json-value.js";

/**
 * Readers in Go take a key for a field when both are equal by Unicode's simple case folding. Of all characters
 * outside of ASCII only two fold to letters in it: the long s and the sign for Kelvin.
 *
 * @param key - key of an object
 * @returns the same text for all keys that a reader may take for one another
 */
function foldedKey(key: string): string {
  return key.replace(/[A-Z\u017f\u212a]/g, (letter) => FOLDED[letter] ?? letter.toLowerCase());
}

const FOLDED: Readonly<Record<string, string>> = { "\u017f": "s", "\u212a": "k" };

/** The fields of an object that mean something, by their names. */
export class Fields {
  readonly #where: string;
  readonly #values: ReadonlyMap<string, JsonValue>;

  /**
   * @param object - an object
   * @param names - the fields that mean something in it
   * @param where - where it stands, for problems
   * @throws JsonProblem when a key is not a field's name but would be taken for it
   */
  constructor(object: JsonObject, names: FieldNames, where: string) {
    this.#where = where;
    const values = new Map<string, JsonValue>();
    for (const [key, value] of object.entries) {
      if (names.exact.has(key)) values.set(key, value);
      else if (names.folds(key))
        throw new JsonProblem(
          `the key ${shown(key)} in ${where} would be taken for another one by some readers`,
        );
    }
    this.#values = values;
  }

  /** @returns the field's value; `null` stands for none, as with readers in Go */
  get(name: string): JsonValue | undefined {
    return this.#values.get(name) ?? undefined;
  }

  /** @returns the text, `null` when there is none. @throws JsonProblem when it is something else */
  text(name: string): string | null {
    const value = this.get(name);
    if (value === undefined) return null;
    if (typeof value !== "string") throw this.problem(name, "has to be a string");
    return value;
  }

  /** @returns the list, `null` when there is none. @throws JsonProblem when it is something else */
  list(name: string): readonly JsonValue[] | null {
    const value = this.get(name);
    if (value === undefined) return null;
    if (!isList(value)) throw this.problem(name, "has to be a list");
    return value;
  }

  /** @returns the texts in a list, none when there is no list. @throws JsonProblem when it is something else */
  texts(name: string): readonly string[] {
    return (this.list(name) ?? []).map((value) => {
      if (typeof value !== "string") throw this.problem(name, "has to be a list of strings");
      return value;
    });
  }

  /** @returns the object, `null` when there is none. @throws JsonProblem when it is something else */
  object(name: string): JsonObject | null {
    const value = this.get(name);
    if (value === undefined) return null;
    if (!(value instanceof JsonObject)) throw this.problem(name, "has to be an object");
    return value;
  }

  /**
   * `1.0` and `1e3` are integers to some readers only, and so is what a double cannot hold.
   *
   * @returns the integer, `null` when there is none. @throws JsonProblem when it is something else
   */
  count(name: string): number | null {
    const value = this.get(name);
    if (value === undefined) return null;
    if (value instanceof JsonNumber && /^(?:0|[1-9][0-9]{0,15})$/.test(value.literal)) {
      const count = Number(value.literal);
      if (Number.isSafeInteger(count)) return count;
    }
    throw this.problem(
      name,
      "has to be a whole number, not below 0, without fraction and exponent",
    );
  }

  /** @returns what is wrong with a field */
  problem(name: string, what: string): JsonProblem {
    return new JsonProblem(`${shown(name)} in ${this.#where} ${what}`);
  }
}

/** Names of the fields of one kind of object. */
export interface FieldNames {
  readonly exact: ReadonlySet<string>;
  /** @returns whether a reader may take the key for one of them */
  readonly folds: (key: string) => boolean;
}

/**
 * @param names - the fields that mean something in one kind of object
 * @returns them, as {@link Fields} wants them
 */
export function fieldNames(...names: readonly string[]): FieldNames {
  const folded = new Set(names.map(foldedKey));
  // Folding changes no key's length, and takes long for long keys.
  const longest = Math.max(...names.map(({ length }) => length));
  return {
    exact: new Set(names),
    folds: (key) => key.length <= longest && folded.has(foldedKey(key)),
  };
}
