import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { findMutations } from "#tests/mutants/find-mutations.js";
import { insteadOf } from "#tests/mutants/guard.js";
import { instrument } from "#tests/mutants/instrument.js";

const mutationsOf = (text: string) =>
  findMutations("sample.ts", text).map(
    (found) => `${found.text} -> ${insteadOf(found.removal) || "none"}`,
  );

describe("what can be written otherwise", () => {
  test.each([
    [
      "a comparison, and a condition",
      "if (a < b) g();",
      ["a < b -> true", "a < b -> false", "a < b -> (a) <= (b)", "g(); -> nothing"],
    ],
    ["what holds together", "f = a && b;", ["f = a && b; -> nothing", "a && b -> (a) || (b)"]],
    ["a default", "const x = a ?? b;", ["a ?? b -> a"]],
    ["a negation", "const x = !a;", ["!a -> a"]],
    ["a choice", "const x = a ? b : c;", ["a -> true", "a -> false"]],
    ["a number, a word and a list", 'const x = [1, "a"];', ['[1, "a"] -> []', "1 -> 1 + 1", '"a" -> ""']], // prettier-ignore
    ["what is returned", "function f() { return g(x); }", ["g(x) -> undefined"]],
    ["what is thrown", "function f() { throw g; }", ["throw g; -> nothing"]],
    [
      "words of a statement",
      "const q = `select a from t where b = $1 and c is null order by a desc for update`;",
      [
        "b = $1 -> false",
        "= -> <>",
        "c is null -> false",
        "is null -> is not null",
        "desc -> asc",
        "for update -> none",
      ],
    ],
  ])("%s", (_what, text, wanted) => {
    expect(mutationsOf(text)).toEqual(wanted);
  });

  test.each([
    ['import a from "b";'],
    ['type A = "a" | 1;'],
    ['log.info({ event: "a" }, "said");'],
    ['const x = { "a-b": y };'],
    ['const x = "words for people" + a;'],
    ["const q = `update t set a = ${b};`"],
  ])("not %s", (text) => {
    expect(mutationsOf(text)).toEqual([]);
  });
});

describe("a module with all that can be otherwise", () => {
  const run = (text: string, out: string): unknown => {
    const places = findMutations("sample.ts", text).map((place, number) => ({ ...place, number }));
    const [, ...made] = instrument(text, places, "switch").split("\n");
    const wanted = places.find((place) => insteadOf(place.removal) === out)?.number;
    const isOut = (number: number) => number === wanted;
    return runInNewContext(`(() => { ${made.join("\n")} })()`, { $isOut: isOut });
  };

  test("does as before until one is, and an else belongs to its own if", () => {
    const text = "let x = 1; if (x > 1) x = 2; else x = 3; return x;";
    expect(run(text, "none of them")).toBe(3);
    expect(run(text, "(x) >= (1)")).toBe(2);
    expect(run(text, "true")).toBe(2);
    expect(run(text, "undefined")).toBeUndefined();
  });

  test("asks another question where words of a statement are others", () => {
    const text = "return `select a from t where b = 'it''s' and c < $1`;";
    const asked = (out: string) => (run(text, out) as string).replaceAll(/\/\*.*?\*\//g, "");
    expect(run(text, "none of them")).toBe("select a from t where b = 'it''s' and c < $1");
    expect(asked("<=")).toMatch(/and c\s+<=\s+\$1$/);
    expect(asked("<>")).toMatch(/where b\s+<>\s+'it''s' and/);
  });
});
