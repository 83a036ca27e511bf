import { expect, test } from "@jest/globals";
import { groupsOf, halvesOf } from "#tests/mutants/groups.js";
import type { Reach } from "#tests/mutants/reach.js";

const reach = (test: string): Reach => ({
  ...{ test, hash: "", among: "", milliseconds: 1, passed: true, guards: {} },
});
const [pushes, reads, lists] = [reach("pushes"), reach("reads"), reach("lists")];
const REST: Readonly<Record<string, Reach[]>> = {
  a: [pushes, reads],
  b: [reads],
  c: [lists, reads],
  d: [],
};
const grouped = (most: number) =>
  groupsOf(
    Object.keys(REST).map((id) => ({ id })),
    ({ id }) => REST[id] ?? [],
    most,
  ).map(({ guards, reach: { test: file } }) => [file, ...guards.map(({ id }) => id)].join(" "));

test("one at a time, each guard is asked of its nearest file", () => {
  expect(grouped(1)).toEqual(["pushes a", "reads b", "lists c"]);
});

test("guards that are out at once are asked of the file that most of them come by, so many at most", () => {
  expect(grouped(2)).toEqual(["reads a b", "reads c"]);
  expect(grouped(8)).toEqual(["reads a b c"]);
});

test("a group in which something was noticed is asked again in two halves, until one guard is left", () => {
  const guards = [{ id: "a" }, { id: "b" }, { id: "c" }];
  const [first, second] = halvesOf({ guards, reach: reads });
  expect(first?.guards).toEqual([{ id: "a" }, { id: "b" }]);
  expect(second?.guards).toEqual([{ id: "c" }]);
});
