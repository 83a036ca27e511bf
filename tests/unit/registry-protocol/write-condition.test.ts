import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { failedCondition, parseWriteCondition } from "#registry-protocol/write-condition.js";

const A = digestOf(Buffer.from("a"));
const B = digestOf(Buffer.from("b"));
const NEW = digestOf(Buffer.from("new"));

// prettier-ignore
const ROWS: readonly (readonly [what: string, match: string | undefined, noneMatch: string | undefined, current: typeof A | null, failed: string | null])[] = [
  ["the digest that is held", `"${A}"`, undefined, A, null],
  ["another digest", `"${B}"`, undefined, A, "If-Match"],
  ["a list that has it", `"${B}", "${A}"`, undefined, A, null],
  ["a list with empty parts that has it", `, "${B}" ,,\t"${A}",`, undefined, A, null],
  ["a list that has it not", `"${B}","x"`, undefined, A, "If-Match"],
  ["a weak one: never the same, strongly", `W/"${A}"`, undefined, A, "If-Match"],
  ["whatever there is", "*", undefined, A, null],
  ["whatever there is, and there is nothing", "*", undefined, null, "If-Match"],
  ["a digest, and there is nothing", `"${A}"`, undefined, null, "If-Match"],
  ["what has been replaced by the very push", `"${A}"`, undefined, NEW, null],
  ["a tag that holds another comma", '"a,b"', undefined, A, "If-Match"],
  ["nothing, and there is nothing", undefined, "*", null, null],
  ["nothing, and there is something", undefined, "*", A, "If-None-Match"],
  ["nothing, and there is the very same", undefined, "*", NEW, "If-None-Match"],
  ["not this one, and it is this one", undefined, `"${A}"`, A, "If-None-Match"],
  ["not this one, weakly, and it is this one", undefined, `W/"${A}"`, A, "If-None-Match"],
  ["not this one, and it is another", undefined, `"${B}"`, A, null],
  ["both, and both hold", `"${A}"`, `"${B}"`, A, null],
  ["both, and the first does not hold", `"${B}"`, `"${A}"`, A, "If-Match"],
  ["both, and the second does not hold", `"${A}"`, "*", A, "If-None-Match"],
];

describe("a push asks for", () => {
  test.each(ROWS)("%s", (_what, match, noneMatch, current, failed) => {
    const condition = parseWriteCondition({ "if-match": match, "if-none-match": noneMatch });
    expect(condition).not.toBeNull();
    if (condition !== null) expect(failedCondition(condition, current, NEW)).toBe(failed);
  });

  test("nothing, most times", () => {
    expect(parseWriteCondition({})).toBeNull();
  });

  test.each([
    ["no quotes", A],
    ["a list without commas", `"${A}" "${B}"`],
    ["a quote that is not closed", `"${A}`],
    ["one in quotes and one without", `"${A}", ${B}`],
    ["an asterisk among others", `*, "${A}"`],
    ["a weak one in small letters", `w/"${A}"`],
    ["a blank in it", `"a b"`],
    ["nothing", ""],
    ["commas", ", ,"],
    ["more than anybody means", Array<string>(65).fill(`"${A}"`).join(", ")],
  ])("nothing that can be understood, and is told so: %s", (_what, header) => {
    for (const name of ["if-match", "if-none-match"])
      expect(() => parseWriteCondition({ [name]: header })).toThrow(/has to be \* or entity-tags/);
  });

  test("a long header is read in no time", () => {
    const started = performance.now();
    expect(() => parseWriteCondition({ "if-match": ", ".repeat(16_000) })).toThrow();
    expect(() => parseWriteCondition({ "if-match": `"${"a".repeat(32_000)}` })).toThrow();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
