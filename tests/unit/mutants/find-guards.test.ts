import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { findGuards } from "#tests/mutants/find-guards.js";
import { instrument } from "#tests/mutants/instrument.js";

const guardsOf = (text: string) =>
  findGuards("sample.ts", text).map(({ text: guard, removal }) => `${guard} -> ${removal.to}`);

describe("the guards of a module are", () => {
  test.each([
    [
      "a condition on which something is thrown, and each of its alternatives",
      `function f() { if (a || b) throw new Fault("DENIED"); return x; }`,
      ["a || b -> false", "a -> false", "b -> false"],
    ],
    [
      "a condition on which nothing is given, as a whole: its parts only narrow it",
      `function f() { if (a && b) return null; return x; }`,
      ["a && b -> false"],
    ],
    [
      "what is let pass before something is refused, and each part that it takes",
      `function f() { if (a && b) return; throw new Fault("DENIED"); }`,
      ["a && b -> true", "a -> true", "b -> true", `throw new Fault("DENIED"); -> nothing`],
    ],
    [
      "what a negation turns round",
      `function f() { if (!(a && b)) throw new Fault("DENIED"); }`,
      ["!(a && b) -> false", "a -> true", "b -> true"],
    ],
    [
      "the parts of a verdict",
      `const isOurs = (x) => x.uid === uid && (x.kind === null || x.kind === kind);`,
      [
        "x.uid === uid -> true",
        "(x.kind === null || x.kind === kind) -> true",
        "x.kind === null -> false",
        "x.kind === kind -> false",
      ],
    ],
    [
      "what is chosen between two checks",
      `function f() { if (a ? b : c) return notValid(); return x; }`,
      ["a ? b : c -> false", "b -> false", "c -> false"],
    ],
    [
      "a call that only refuses or ends",
      `async function f() { requireManagement(x); await endOldest(x); note(x); }`,
      ["requireManagement(x) -> undefined", "await endOldest(x) -> undefined"],
    ],
    ["a predicate", `const f = xs.filter((x) => x.mine);`, ["x.mine -> true"]],
    ["a bound", `const f = Math.min(a, 5);`, ["a -> Infinity"]],
    [
      "what a token is held against",
      `verify(t, { issuer: i, audience: a, clockTolerance: 1 });`,
      ["i -> undefined", "a -> undefined"],
    ],
    [
      "each condition of a statement",
      "db.query(`update t set e = least(e, $4) where id = $1 and (k = $2 or k is null) and uid in (select uid from u where team = $3) returning id`)",
      [
        "e -> no bound",
        "$4 -> no bound",
        "id = $1 -> every row",
        "(k = $2 or k is null) -> every row",
        "uid in (select uid from u where team = $3) -> every row",
        "team = $3 -> every row",
      ],
    ],
  ])("%s", (_what, text, wanted) => {
    expect(guardsOf(text)).toEqual(wanted);
  });

  test.each([
    [
      "what several statements narrow by",
      "const KEPT = 'a is null and b = $1';",
      ["a is null -> every row", "b = $1 -> every row"],
    ],
    [
      "what a statement is made of",
      "const BELOW = `below as (select from t where a = $1)`;",
      ["a = $1 -> every row"],
    ],
    ["no list of columns, and no word", "const NAMES = ['a, b as c', 'one and two'];", []],
    ["no choice", "const RANK = `case when a = $1 and b = $2 then 0 end`;", []],
    ["one condition where it is used alone", "const OWN = 'a = $1';", []],
  ])("in a file of SQL also those of pieces: %s", (_what, text, wanted) => {
    const told = findGuards("ledger/sql/sample.ts", text);
    expect(told.map(({ text: guard, removal }) => `${guard} -> ${removal.to}`)).toEqual(wanted);
    expect(guardsOf(text)).toEqual([]);
  });

  test("neither what says what there is nor what another one says", () => {
    expect(guardsOf(`const f = (x) => (x === null ? null : g(x));`)).toEqual([]);
    expect(guardsOf(`try { g(); } catch (error) { throw error; }`)).toEqual([]);
  });
});

describe("a module with its guards numbered", () => {
  const run = (text: string, out: number): unknown => {
    const guards = findGuards("sample.ts", text).map((guard, number) => ({ ...guard, number }));
    const [, ...made] = instrument(text, guards, "switch").split("\n");
    const isOut = (number: number) => number === out;
    return runInNewContext(`(() => { ${made.join("\n")} })()`, { $isOut: isOut });
  };

  test("does as before until one is taken out", () => {
    const text = "if (1 > 0 || 2 > 1) throw 'refused'; return 'passed';";
    expect(() => run(text, -1)).toThrow("refused");
    expect(run(text, 0)).toBe("passed");
    expect(() => run(text, 1)).toThrow("refused");
  });

  test("asks for every row where a condition is out", () => {
    const text = "return `select 1 from t where a = $1 and b = $2 order by c`;";
    expect(run(text, -1)).toBe("select 1 from t where a = $1 and b = $2 order by c");
    expect(run(text, 1)).toBe("select 1 from t where a = $1 and (b = $2 or true) order by c");
  });
});
