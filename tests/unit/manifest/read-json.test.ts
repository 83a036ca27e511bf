import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  isList,
  JsonNumber,
  JsonObject,
  type JsonValue,
} from "#registry-protocol/json/json-value.js";
import { atOnce, readJson, type JsonRules } from "#registry-protocol/json/read-json.js";

const STRICT: JsonRules = {
  strict: true,
  maxDepth: 100,
  maxValues: 10_000,
  maxEntries: 1_000,
  maxCharacters: 100_000,
};
const LENIENT: JsonRules = { ...STRICT, strict: false };

// prettier-ignore
const REFUSED: readonly (readonly [what: string, text: string, problem: string])[] = [
  ["nothing", "", "it ends too early"],
  ["white space", " \n", "it ends too early"],
  ["a byte order mark", "\ufeff{}", 'no JSON: "\\ufeff" at character 0'],
  ["something behind the value", "{}x", 'no JSON: "x" at character 2'],
  ["a second value", "{}{}", 'no JSON: "{" at character 2'],
  ["a NUL behind the value", "{}\0", "no JSON"],
  ["another white space", "{\u00a0}", "no JSON"],
  ["a comma too much", '{"a":1,}', "no JSON"],
  ["a comma in front", "[,1]", "no JSON"],
  ["a list that ends as an object", "[1}", "no JSON"],
  ["a key without quotes", "{a:1}", "no JSON"],
  ["a key without value", '{"a"}', "no JSON"],
  ["a word", "nul", "no JSON"],
  ["a word in capitals", "TRUE", "no JSON"],
  ["NaN", "NaN", "no JSON"],
  ["a number with a plus", "+1", "no JSON"],
  ["a number with a zero in front", "01", "no JSON"],
  ["a number without digits behind the dot", "1.", "no JSON"],
  ["a hexadecimal number", "0x1", "no JSON"],
  ["a comment", "{}//", "no JSON"],
  ["a string without end", '"a', "has no end"],
  ["a string that ends in an escape", '"a\\"', "has no end"],
  ["a line break in a string", '"a\nb"', "control character"],
  ["a NUL in a string", '"a\0b"', "control character"],
  ["an escaped NUL", '"a\\u0000"', "holds a NUL"],
  ["an escaped NUL in a key", '{"\\u0000":1}', "holds a NUL"],
  ["half of a surrogate pair", '"\\ud800"', "surrogate"],
  ["the other half", '"\\udc00\\ud800"', "surrogate"],
  ["an escape that is none", '"\\x"', "an escape that is none"],
  ["a short escape", '"\\u12"', "an escape that is none"],
  ["a key twice", '{"a":1,"b":2,"a":3}', 'the key "a" stands twice'],
  ["a key twice, once with an escape", '{"a":1,"\\u0061":3}', 'the key "a" stands twice'],
  ["a key twice further inside", '[{"x":{"":1,"":1}}]', 'the key "" stands twice'],
  ["a key twice among many", `{${Array.from({ length: 50 }, (_, i) => `"${i % 49}":1`).join()}}`, 'the key "0" stands twice'],
  ["deep lists", "[".repeat(101) + "]".repeat(101), "nested deeper than 100"],
  ["deep objects", '{"a":'.repeat(101), "nested deeper than 100"],
  ["many values", `[${"0,".repeat(10_000)}0]`, "more than 10000 values"],
  ["many entries", `{${Array.from({ length: 1_001 }, (_, i) => `"${i}":1`).join()}}`, "more than 1000 entries"],
  ["a long string", `"${"a".repeat(100_001)}"`, "longer than 100000"],
  ["a long string of escapes", `"${"\\n".repeat(100_001)}"`, "longer than 100000"],
];

describe("the reader of JSON", () => {
  test.each(REFUSED)("refuses %s", (_what, text, problem) => {
    expect(() => read(text)).toThrow(problem);
  });

  test.each([
    ["a single byte", [0xff]],
    ["a cut off character", [0x22, 0xc3, 0x22]],
    ["a character in more bytes than it needs", [0x22, 0xc1, 0xa1, 0x22]],
    ["half of a surrogate pair", [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ])("refuses bytes that are no UTF-8: %s", (_what, bytes) => {
    expect(() => atOnce(readJson(Buffer.from(bytes), STRICT))).toThrow("it is not UTF-8");
  });

  test("names a stranger's key in printable ASCII, and not all of a long one", () => {
    const key = `\\u001b[31m\u00e4${"x".repeat(1_000)}`;
    const problem = problemOf(`{"${key}":1,"${key}":1}`);
    expect(problem).toMatch(/^[ -~]{0,150}$/);
    expect(problem).toContain('"\\u001b[31m\\u00e4xxx');
  });

  test("reads exactly what JSON.parse reads, of any text", () => {
    const pieces = fc.constantFrom(
      ...[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"a"',
        '"\\u00e4"',
        "1",
        "-0",
        "1e5",
        "true",
        "null",
        " ",
        "\t",
      ],
    );
    const texts = fc.oneof(
      fc.json({ maxDepth: 5 }),
      fc.array(pieces, { maxLength: 12 }).map((some) => some.join("")),
      fc
        .tuple(fc.json(), fc.nat(20), fc.string({ maxLength: 2 }))
        .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const wanted = parsed(wellFormed(text));
        expect(read(wellFormed(text), { ...LENIENT, maxDepth: 10_000 })).toEqual(wanted);
      }),
      { numRuns: 2_000 },
    );
  });

  test("keeps numbers as they are written, and doubled keys where they pass", () => {
    expect(atOnce(readJson(Buffer.from("[1.0]"), STRICT))).toEqual([new JsonNumber("1.0")]);
    const doubled = atOnce(readJson(Buffer.from('{"a":true,"a":"x"}'), LENIENT));
    expect(doubled).toEqual(
      new JsonObject([
        ["a", true],
        ["a", "x"],
      ]),
    );
  });

  test("takes many small steps for what is large", () => {
    const text = `[${'{"a":"ä"},'.repeat(4_000)}1]`;
    let steps = 0;
    const work = readJson(Buffer.from(text), STRICT);
    while (work.next().done !== true) steps += 1;
    expect(steps).toBeGreaterThan(10);
  });
});

const NONE = Symbol("no JSON");

function read(text: string, rules = STRICT): unknown {
  if (rules.strict) return plain(atOnce(readJson(Buffer.from(text), rules)));
  try {
    return plain(atOnce(readJson(Buffer.from(text), rules)));
  } catch {
    return NONE;
  }
}

function parsed(text: string): unknown {
  try {
    return withoutNumbers(JSON.parse(text));
  } catch {
    return NONE;
  }
}

/** As JSON.parse has it; numbers are not kept where nobody asks for them. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return 0;
  if (isList(value)) return value.map(plain);
  if (!(value instanceof JsonObject)) return value;
  return Object.fromEntries(value.entries.map(([key, entry]) => [key, plain(entry)]));
}

function withoutNumbers(value: unknown): unknown {
  if (typeof value === "number") return 0;
  if (Array.isArray(value)) return value.map(withoutNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, withoutNumbers(entry)]),
  );
}

function problemOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
