import { expect, test } from "@jest/globals";
import { isWithin } from "#service-kit/is-within.js";

test.each([
  ["goes on from its beginning", 100, true],
  ["goes on until its length has passed", 159, true],
  ["is over then", 160, false],
  ["is over when the clock was set back to before it began", 99, false],
  ["is over when that was by hours", -36_000, false],
])("what lasts 60 %s", (_what, now, goesOn) => {
  expect(isWithin({ since: 100, now }, 60)).toBe(goesOn);
});

test("what never began is not going on", () => {
  expect(isWithin({ since: -Infinity, now: 0 }, 60)).toBe(false);
});
