import { z } from "zod";
import { expect, test } from "@jest/globals";
import { parseInput } from "#rest-api/parse-input.js";
import { parseCursor } from "#token-server/refresh-tokens/list.js";

const schema = z.strictObject({ name: z.string(), deep: z.object({ n: z.number() }).optional() });

test("input of the right form is as it came", () => {
  expect(parseInput(schema, { name: "a" })).toEqual({ name: "a" });
});

test.each<[string, unknown, RegExp]>([
  ["a field of another kind", { name: 7 }, /^name: /],
  ["a field deep within", { name: "a", deep: { n: "7" } }, /^deep\.n: /],
  ["a field that there is not", { name: "a", more: 1 }, /more/],
  ["another kind of thing", 7, /^Invalid input/],
  ["a control character", { name: "a\u0000" }, /^name: must not hold control characters/],
  ["half of a pair", "\ud800", /^input: must not hold control characters/],
])("input is refused with %s, and what is wrong is named", (_what, input, message) => {
  expect(() => parseInput(schema, input)).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", message: expect.stringMatching(message) }),
  );
});

const ID = "0d4f3c1e-0d4f-4c1e-8d4f-0d4f3c1e0d4f";
test("a cursor is read as it was shown, and nothing else is one", () => {
  expect(parseCursor(`123.${ID}`)).toEqual({ createdAt: "123", id: ID });
  for (const text of ["", "123", ID, `123.${ID}x`, `-1.${ID}`, `${"1".repeat(19)}.${ID}`])
    expect(parseCursor(text)).toBeNull();
});
