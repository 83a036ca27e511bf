import { expect, test } from "@jest/globals";
import { durationSeconds } from "#service-kit/duration.js";
import { limitOption } from "#service-kit/limit-option.js";

test.each([
  ["0", 0],
  ["90", 90],
  ["90s", 90],
  ["15m", 900],
  ["24h", 86_400],
  ["7d", 604_800],
])("a duration of %s is %i seconds", (text, seconds) => {
  expect(durationSeconds("--wait", text, 604_800)).toBe(seconds);
});

test.each(["", "soon", "1w", "-1", "1.5h", "2 m", "h", "8d"])("no duration is %j", (text) => {
  expect(() => durationSeconds("--wait", text, 604_800)).toThrow(
    /^--wait: given .*, wanted 90 or 90s, 15m, 24h, 7d, 604800 seconds at most$/,
  );
});

test("a limit is a number from 1 on", () => {
  expect(limitOption("50")).toBe(50);
  for (const text of ["0", "-1", "many", "050", "1000000"])
    expect(() => limitOption(text)).toThrow(/^--limit: given .*, wanted a number from 1/);
});
