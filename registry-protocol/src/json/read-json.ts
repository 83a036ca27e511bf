import { JsonNumber, JsonObject, JsonProblem, shown, type JsonValue } from "./json-value.js";

/** What a JSON text may be. */
export interface JsonRules {
  /**
   * Refuses what readers take in different ways: doubled keys, bytes that are no UTF-8, halves of surrogate
   * pairs, NUL. Otherwise they pass, as they do with Go's `encoding/json`.
   */
  readonly strict: boolean;
  /** Lists and objects within each other. */
  readonly maxDepth: number;
  /** Values in all, each entry of an object and of a list being one. */
  readonly maxValues: number;
  /** Entries of one object. */
  readonly maxEntries: number;
  /** Characters of one string. */
  readonly maxCharacters: number;
}

/** Steps of some work: whoever carries it out may do something else between two of them. */
export type Work<T> = Generator<undefined, T, undefined>;

/** Values read in one step. */
const VALUES_A_STEP = 500;
/** Characters read in one step, and the rest of the last value. */
const CHARACTERS_A_STEP = 64 * 1024;
/** Bytes decoded in one step: what is not ASCII takes long. */
const BYTES_A_STEP = 128 * 1024;
/** Up to so many keys a list of them is faster than a set. */
const FEW_KEYS = 8;

/** Up to so many characters a loop is faster than a regular expression. */
const FEW_CHARACTERS = 64;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const STRING_REST = /[ !#-[\]-\uffff]*/y;
const WHITE_SPACE = /[ \t\r\n]*/y;
const LITERALS = [
  ["true", true],
  ["false", false],
  ["null", null],
] as const;

const [TAB, NEWLINE, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [LIST_BEGIN, OBJECT_BEGIN] = [0x5b, 0x7b];
const LIST_END = 0x5d;
const OBJECT_END = 0x7d;

/**
 * Reads JSON in small steps and without recursion, so that no text of a stranger keeps a process busy or
 * overflows its stack.
 *
 * @param content - the bytes
 * @param rules - what they may be
 * @returns steps that end with the value
 * @throws JsonProblem that says what is wrong
 */
export function* readJson(content: Uint8Array, rules: JsonRules): Work<JsonValue> {
  return yield* new JsonReader(yield* decode(content, rules.strict), rules).read();
}

/**
 * @param work - work in steps
 * @returns what comes of it, all steps taken at once
 */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

function* decode(content: Uint8Array, strict: boolean): Work<string> {
  const decoder = new TextDecoder("utf-8", { fatal: strict, ignoreBOM: true });
  let text = "";
  for (let start = 0; start < content.length; start += BYTES_A_STEP) {
    const end = start + BYTES_A_STEP;
    text += decoded(decoder, content.subarray(start, end), end < content.length);
    yield undefined;
  }
  return text;
}

function decoded(
  decoder: InstanceType<typeof TextDecoder>,
  bytes: Uint8Array,
  stream: boolean,
): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw new JsonProblem("it is not UTF-8");
  }
}

/** A list or an object that has begun and not ended. */
interface Open {
  readonly end: typeof LIST_END | typeof OBJECT_END;
  readonly list: JsonValue[];
  readonly entries: [key: string, value: JsonValue][];
  /** Of the object's next entry. */
  key: string;
  /** The object's keys once they are many. */
  seen: Set<string> | null;
}

/** Shared, since some texts are made of hundreds of thousands of them. */
const EMPTY_LIST: readonly JsonValue[] = Object.freeze([]);
const EMPTY_OBJECT = new JsonObject([]);

/** Nobody asks for the numbers of what is not read strictly. */
const SOME_NUMBER = new JsonNumber("0");
/** Nor for texts that can be neither a field's name nor a digest, with every character escaped. */
const MOST_ASKED_FOR = 4_096;

class JsonReader {
  readonly #text: string;
  readonly #rules: JsonRules;
  readonly #open: Open[] = [];
  #at = 0;
  #values = 0;

  constructor(text: string, rules: JsonRules) {
    this.#text = text;
    this.#rules = rules;
  }

  *read(): Work<JsonValue> {
    for (let [values, from] = [0, 0]; ; values += 1) {
      if (values === VALUES_A_STEP || this.#at - from > CHARACTERS_A_STEP) {
        yield undefined;
        [values, from] = [0, this.#at];
      }
      const begun = this.#begin();
      if (begun === undefined) continue;
      const whole = this.#complete(begun);
      if (whole !== undefined) return whole;
    }
  }

  /** @returns the value that begins here, or `undefined` for a list or object whose first entry is next */
  #begin(): JsonValue | undefined {
    this.#values += 1;
    if (this.#values > this.#rules.maxValues)
      throw new JsonProblem(`it has more than ${this.#rules.maxValues} values`);
    const next = this.#next();
    if (next === QUOTE) return this.#string();
    if (next === LIST_BEGIN) return this.#enter(LIST_END);
    if (next === OBJECT_BEGIN) return this.#enter(OBJECT_END);
    return this.#literal();
  }

  #enter(end: Open["end"]): JsonValue | undefined {
    if (this.#open.length >= this.#rules.maxDepth)
      throw new JsonProblem(`it is nested deeper than ${this.#rules.maxDepth}`);
    this.#at += 1;
    if (this.#next() === end) {
      this.#at += 1;
      return end === LIST_END ? EMPTY_LIST : EMPTY_OBJECT;
    }
    const open: Open = { end, list: [], entries: [], key: "", seen: null };
    this.#open.push(open);
    if (end === OBJECT_END) this.#key(open);
    return undefined;
  }

  /** Puts a value where it belongs, and ends what ends after it. @returns the whole text's value at its end */
  #complete(value: JsonValue): JsonValue | undefined {
    for (let done = value; ;) {
      const open = this.#open.at(-1);
      const next = this.#next();
      if (open === undefined) {
        if (this.#at < this.#text.length) throw this.#unexpected();
        return done;
      }
      if (open.end === LIST_END) open.list.push(done);
      else open.entries.push([open.key, done]);
      if (next === COMMA) {
        this.#at += 1;
        if (open.end === OBJECT_END) this.#key(open);
        return undefined;
      }
      if (next !== open.end) throw this.#unexpected();
      this.#at += 1;
      this.#open.pop();
      done = ended(open);
    }
  }

  #key(open: Open): void {
    if (this.#next() !== QUOTE) throw this.#unexpected();
    if (open.entries.length >= this.#rules.maxEntries)
      throw new JsonProblem(`an object has more than ${this.#rules.maxEntries} entries`);
    const key = this.#string();
    if (this.#rules.strict && isDoubled(open, key))
      throw new JsonProblem(`the key ${shown(key)} stands twice in one object`);
    open.key = key;
    if (this.#next() !== COLON) throw this.#unexpected();
    this.#at += 1;
  }

  #string(): string {
    const start = this.#at + 1;
    let end = start;
    let escaped = false;
    for (; ; end += 1) {
      if ((end - start) % FEW_CHARACTERS === FEW_CHARACTERS - 1) end = this.#past(STRING_REST, end);
      const code = this.#text.charCodeAt(end);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        escaped = true;
        end += 1;
        this.#refuseLong(end - start);
      } else if (!(code >= SPACE))
        throw new JsonProblem("a string holds a control character or has no end");
    }
    this.#at = end + 1;
    this.#refuseLong(end - start);
    return escaped ? this.#unescaped(start - 1, end + 1) : this.#text.slice(start, end);
  }

  #refuseLong(characters: number): void {
    if (characters > this.#rules.maxCharacters)
      throw new JsonProblem(`a string is longer than ${this.#rules.maxCharacters} characters`);
  }

  #unescaped(start: number, end: number): string {
    if (!this.#rules.strict && end - start > MOST_ASKED_FOR) return "";
    let text: string;
    try {
      text = JSON.parse(this.#text.slice(start, end)) as string;
    } catch {
      throw new JsonProblem("a string has an escape that is none");
    }
    if (!this.#rules.strict) return text;
    if (text.includes("\0")) throw new JsonProblem(`the string ${shown(text)} holds a NUL`);
    if (/\p{Surrogate}/u.test(text))
      throw new JsonProblem(`the string ${shown(text)} holds half of a surrogate pair`);
    return text;
  }

  #literal(): JsonValue {
    for (const [word, value] of LITERALS)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    NUMBER.lastIndex = this.#at;
    const [number] = NUMBER.exec(this.#text) ?? [];
    if (number === undefined) throw this.#unexpected();
    this.#at += number.length;
    return this.#rules.strict ? new JsonNumber(number) : SOME_NUMBER;
  }

  /** @returns the next character behind white space, as a code; NaN at the end */
  #next(): number {
    for (let passed = 1; ; this.#at += 1, passed += 1) {
      if (passed === FEW_CHARACTERS) this.#at = this.#past(WHITE_SPACE, this.#at);
      const code = this.#text.charCodeAt(this.#at);
      if (code !== SPACE && code !== NEWLINE && code !== RETURN && code !== TAB) return code;
    }
  }

  /** @returns where the characters end that an expression is about */
  #past(expression: RegExp, from: number): number {
    expression.lastIndex = from;
    expression.test(this.#text);
    return expression.lastIndex;
  }

  #unexpected(): JsonProblem {
    if (this.#at >= this.#text.length) return new JsonProblem("it is no JSON: it ends too early");
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    return new JsonProblem(`it is no JSON: ${shown(character)} at character ${this.#at}`);
  }
}

function ended({ end, list, entries }: Open): JsonValue {
  return end === LIST_END ? list : new JsonObject(entries);
}

function isDoubled(open: Open, key: string): boolean {
  if (open.entries.length < FEW_KEYS) return open.entries.some(([known]) => known === key);
  open.seen ??= new Set(open.entries.map(([known]) => known));
  const known = open.seen.size;
  return open.seen.add(key).size === known;
}
