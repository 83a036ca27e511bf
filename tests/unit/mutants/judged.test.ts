import { expect, test } from "@jest/globals";
import { findGuards } from "#tests/mutants/find-guards.js";
import { JUDGED } from "#tests/mutants/judged.js";
import { guardedModules } from "#tests/mutants/targets.js";

test("whatever is judged is a guard that there is", () => {
  const guards = guardedModules().flatMap(({ path, text }) => findGuards(path, text));
  const known = new Set(guards.map(({ file, text }) => `${file}: ${text}`));
  expect(
    JUDGED.map(({ file, text }) => `${file}: ${text}`).filter((one) => !known.has(one)),
  ).toEqual([]);
});

test("whatever is judged has a reason, and is judged once", () => {
  const named = JUDGED.map(({ file, text }) => `${file}: ${text}`);
  expect(named.filter((one, at) => named.indexOf(one) < at)).toEqual([]);
  expect(JUDGED.every(({ reason }) => reason.length > 10)).toBe(true);
});
