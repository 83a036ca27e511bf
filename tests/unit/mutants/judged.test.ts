import { expect, test } from "@jest/globals";
import { findGuards } from "#tests/mutants/find-guards.js";
import { JUDGED, type Judged } from "#tests/mutants/judged.js";
import { guardedModules } from "#tests/mutants/targets.js";

test("whatever is judged is a guard that there is", () => {
  const guards = guardedModules().flatMap(({ path, text }) => findGuards(path, text));
  const isGone = ({ file, text, within }: Judged) =>
    !guards.some(
      (guard) =>
        guard.file === file &&
        guard.text === text &&
        (within === undefined || guard.within === within),
    );
  expect(JUDGED.filter(isGone)).toEqual([]);
});

test("whatever is judged has a reason, and is judged once", () => {
  const named = JUDGED.map(({ file, text, within }) => `${file} ${within ?? ""}: ${text}`);
  expect(named.filter((one, at) => named.indexOf(one) < at)).toEqual([]);
  expect(JUDGED.every(({ reason }) => reason.length > 10)).toBe(true);
});
