import { expect, test } from "@jest/globals";
import { historyOf, nearestFirst } from "#tests/mutants/nearest.js";
import type { Reach } from "#tests/mutants/reach.js";

const FILE = "gateway/src/ledger/push-tag.ts";
const GUARD = { id: `${FILE} false: left <= 0 #1`, file: FILE };

/** @returns a test file that comes by the guard, and by some others */
function reach(test: string, others = 0, known: Partial<Reach> = {}): Reach {
  const ids = [GUARD.id, ...Array.from({ length: others }, (_, n) => `other ${n}`)];
  return {
    ...{ test, hash: "", among: "", milliseconds: 100, passed: true },
    guards: Object.fromEntries(ids.map((id) => [id, null])),
    ...known,
  };
}

const names = (reaches: readonly Reach[], noticed: readonly (readonly [string, string])[] = []) =>
  nearestFirst(GUARD, reaches, historyOf(new Map(noticed))).map(({ test: name }) => name);

test("test files are asked by their names, then by how few guards they come by, and how quick they are", () => {
  const slow = reach("tests/d.test.ts", 0, { milliseconds: 9_000 });
  expect(
    names([
      slow,
      reach("tests/c.test.ts", 5),
      reach("tests/b.test.ts"),
      reach("tests/push.test.ts", 5),
      reach("tests/push-tags.test.ts", 9),
    ]),
  ).toEqual([
    ...["tests/push-tags.test.ts", "tests/push.test.ts", "tests/b.test.ts"],
    ...["tests/c.test.ts", "tests/d.test.ts"],
  ]);
});

test("those that noticed most of the same module are asked before", () => {
  const some = [reach("tests/push-tag.test.ts"), reach("tests/one.test.ts"), reach("tests/two.test.ts")]; // prettier-ignore
  expect(
    names(some, [
      [`${FILE} true: a #1`, "tests/one.test.ts"],
      [`${FILE} true: b #1`, "tests/two.test.ts"],
      [`${FILE} true: c #1`, "tests/two.test.ts"],
      ["gateway/src/other.ts true: a #1", "tests/push-tag.test.ts"],
    ]),
  ).toEqual(["tests/two.test.ts", "tests/one.test.ts", "tests/push-tag.test.ts"]);
});

test("none is asked that could not be run, or does not come by the guard", () => {
  const broken = reach("tests/broken.test.ts", 0, { passed: false });
  const elsewhere = reach("tests/elsewhere.test.ts", 0, { guards: { other: null } });
  expect(names([broken, elsewhere, reach("tests/a.test.ts")])).toEqual(["tests/a.test.ts"]);
});
