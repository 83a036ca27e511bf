import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { changedLines } from "#tests/mutants/changed-lines.js";
import { findMutations } from "#tests/mutants/find-mutations.js";
import { KNOWN_FILE, knownReasons, lineOf, reasonsIn } from "#tests/mutants/known.js";
import { sample } from "#tests/mutants/sample.js";
import { scoresOf } from "#tests/mutants/scores.js";
import { guardedModules } from "#tests/mutants/targets.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const ITEMS = Array.from({ length: 100 }, (_item, nth) => ({ id: `item ${nth}` }));
const PLACES = findMutations("gateway/src/a/sample.ts", "const x = [!a, b ?? c, d < e, `f` ?? 1];");

describe("a sample", () => {
  test("is the same by the same seed, and another by another", () => {
    expect(sample(ITEMS, 10, "1")).toEqual(sample(ITEMS, 10, "1"));
    expect(sample(ITEMS, 10, "1")).not.toEqual(sample(ITEMS, 10, "2"));
  });

  test("keeps what it has when more is wanted, so that a run goes on", () => {
    const few = sample(ITEMS, 10, "1");
    expect(sample(ITEMS, 20, "1")).toEqual(expect.arrayContaining(few));
    expect(sample(ITEMS, 500, "1")).toEqual(ITEMS);
  });
});

test("of a change the new lines are told", () => {
  const diff = [
    "--- a/one.ts",
    "+++ b/one.ts",
    "@@ -3 +3,2 @@ function f() {",
    "@@ -9,2 +10,0 @@",
    "--- a/two.ts",
    "+++ /dev/null",
    "@@ -1,2 +0,0 @@",
    "--- a/three.ts",
    "+++ b/three.ts",
    "@@ -0,0 +1 @@",
  ].join("\n");
  expect(changedLines(diff)).toEqual(
    new Map([
      ["one.ts", new Set([3, 4])],
      ["three.ts", new Set([1])],
    ]),
  );
});

describe("survivors that stay", () => {
  test("have a line each with a reason, backticks and all", () => {
    const text = ["# Words", ...PLACES.map((place) => `${lineOf(place)}: because: so`)].join("\n");
    const reasons = reasonsIn(text);
    expect(PLACES.map((place) => reasons.get(lineOf(place)))).toEqual(PLACES.map(() => "because: so")); // prettier-ignore
  });

  test("are written so that they are understood, each with its reason", () => {
    const lines = readFileSync(join(REPOSITORY_ROOT, KNOWN_FILE), "utf8").split("\n");
    expect(
      [...knownReasons(REPOSITORY_ROOT)].map(([line, reason]) => `${line}: ${reason}`),
    ).toEqual(lines.filter((line) => line.startsWith("- ")));
  });

  test("are places that there are", () => {
    const known = new Set(
      guardedModules()
        .flatMap(({ path, text }) => findMutations(path, text))
        .map(lineOf),
    );
    expect([...knownReasons(REPOSITORY_ROOT).keys()].filter((line) => !known.has(line))).toEqual(
      [],
    );
  });

  test("are counted by folder beside those that are noticed, and the others told", () => {
    const [noticed, reasoned, open] = PLACES;
    if (noticed === undefined || reasoned === undefined || open === undefined) throw new Error();
    const outcomes = new Map([
      [noticed.id, { is: "noticed", test: "a", title: "b" } as const],
      [reasoned.id, { is: "survived", tests: 2 } as const],
      [open.id, { is: "survived", tests: 2 } as const],
    ]);
    const told = scoresOf(PLACES, outcomes, new Map([[lineOf(reasoned), "because"]]));
    expect(told).toContain("| gateway/src/a | 3 | 1 | 1 | 1 | 33.3 % |");
    expect(told.split("\n").at(-1)).toBe(`${lineOf(open)} (line 1)`);
  });
});
