import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { asLine, invalidTextIn, isLine, isText, utf8Of, visible } from "#registry-protocol/text.js";

const BAD = ["a\0b", "\u0001", "\u007f", "\u0085", "\ud800", "x\udc00y"];

describe("text from outside", () => {
  test.each(BAD)("is no text with %j in it", (text) => {
    expect([isLine(text), isText(text)]).toEqual([false, false]);
    expect(isLine(asLine(text, 10))).toBe(true);
    expect(invalidTextIn({ a: [{ b: text }] })).toBe("a.0.b");
    expect(invalidTextIn({ a: { [text]: 1 } })).toBe("a");
  });

  test("has line breaks and tabs only where lines are not wanted", () => {
    expect([isText("a\r\n\tb"), isLine("a\nb"), isLine("a\tb")]).toEqual([true, false, false]);
  });

  test("is read from bytes with what stands in front of it, and not where they are none's", () => {
    expect(utf8Of(Buffer.from("\ufeffa"))).toBe("\ufeffa");
    expect(utf8Of(Buffer.of(0xc3))).toBeNull();
  });

  test("of any language passes, also outside the basic plane", () => {
    for (const text of ["", "alice", "Žofie", "李", "🐋 whale"])
      expect([isLine(text), invalidTextIn({ text })]).toEqual([true, null]);
  });

  test("that is made a line is one, and never longer than wanted", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(50), (text, most) => {
        const line = asLine(text, most);
        expect(isLine(line)).toBe(true);
        expect(Array.from(line).length).toBeLessThanOrEqual(most);
      }),
    );
  });
});

test("text with something unseen in it is shown with what that is", () => {
  expect(visible("j\u00fcrgen o'brien $", 100)).toBe("j\u00fcrgen o'brien $");
  expect(visible("a\u202eb\nc\u00a0d\ud800", 100)).toBe("a\\u{202e}b\\u{a}c\\u{a0}d\\u{d800}");
  expect(visible("\u{1f600}".repeat(9), 3)).toBe("\u{1f600}".repeat(3));
});
