import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fillTemplate, parseTemplate } from "#token-server/identity/template.js";

describe("a template", () => {
  test("puts values in where their names stand", () => {
    expect(fill("github:${repository}", { repository: "acme/app" })).toBe("github:acme/app");
  });

  test("is filled with nothing when a value is missing", () => {
    expect(fill("github:${repository}", {})).toBeNull();
  });

  test("never reads a value as a template", () => {
    expect(fill("ci:${ref}", { ref: "${secret}", secret: "gold" })).toBe("ci:${secret}");
  });

  test("with a value that holds the separator is filled with nothing", () => {
    expect(fill("${a}:${b}", { a: "x:y", b: "z" })).toBeNull();
    expect(fill("${a}:${b}", { a: "x", b: "y:z" })).toBeNull();
  });

  test("takes values that hold the text before the first value or after the last", () => {
    expect(fill("x:${a}-y", { a: "x:1-y" })).toBe("x:x:1-y-y");
    expect(fill("x:${a}/${b}-y", { a: "x:1-y", b: "2" })).toBe("x:x:1-y/2-y");
  });

  test("without text between two values is refused", () => {
    expect(() => parseTemplate("${a}${b}")).toThrow("wanted some text between two");
  });

  test("that is not closed is refused", () => {
    expect(() => parseTemplate("x-${a")).toThrow("not closed");
  });

  test("gives different texts for different values", () => {
    const value = fc.string({ unit: fc.constantFrom("a", "b", ":", "-"), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 4, maxLength: 4 }), ([a, b, c, d]) => {
        const one = fill("x:${a}:${b}-y", { a, b });
        const other = fill("x:${a}:${b}-y", { a: c, b: d });
        expect(one !== null && one === other && (a !== c || b !== d)).toBe(false);
      }),
    );
  });
});

function fill(source: string, values: Record<string, string | undefined>): string | null {
  return fillTemplate(parseTemplate(source), (name) => values[name] ?? null);
}
