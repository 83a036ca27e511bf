import { describe, expect, test } from "@jest/globals";
import {
  clockReading,
  describeDifference,
  judgeClocks,
  type ClockReading,
} from "#service-kit/clock/clock-verdict.js";

const MINUTE = 60_000;

/** @returns readings of clocks that are so many minutes ahead */
function clocks(minutes: Readonly<Record<string, number>>): ReadonlyMap<string, ClockReading> {
  const read = (ahead: number) => ({ ahead: ahead * MINUTE, within: 500 });
  return new Map(Object.entries(minutes).map(([name, ahead]) => [name, read(ahead)]));
}

describe("what clocks say of each other", () => {
  test.each([
    ["nobody else", {}, "right", []],
    ["one that agrees", { database: 0.5 }, "right", []],
    ["one that does not: who is right?", { database: 10 }, "doubtful", ["database"]],
    ["one of two", { database: 10, registry: 0 }, "right", ["database"]],
    ["two that agree with each other", { database: 10, registry: 10.5 }, "wrong", ["database", "registry"]],
    ["two that do not agree either", { database: 10, registry: -10 }, "doubtful", ["database", "registry"]],
    ["two of three", { a: -16, b: -16, c: 0 }, "doubtful", ["a", "b"]],
    ["all of three", { a: -16, b: -16, c: -16 }, "wrong", ["a", "b", "c"]],
    ["three who each say something else", { a: 5, b: 10, c: 15 }, "doubtful", ["a", "b", "c"]],
  ] as const)("%s", (_, minutes, own, differing) => {
    expect(judgeClocks(clocks(minutes), MINUTE)).toEqual({ own, differing });
  });

  test("what nobody could measure is no difference", () => {
    const slow = new Map([["database", { ahead: 90_000, within: 30_000 }]]);
    expect(judgeClocks(slow, MINUTE)).toEqual({ own: "right", differing: [] });
  });
});

test("a clock is read in the middle of the time that asking it took, and of what it cannot tell apart", () => {
  expect(clockReading(10_000, { from: 9_000, to: 11_000 }, 1_000)).toEqual({
    ahead: 500,
    within: 1_500,
  });
});

test.each([
  [90_400, "the database's clock is 90 seconds ahead of the gateway's"],
  [-960_000, "the database's clock is 16 minutes behind the gateway's"],
  [10_800_000, "the database's clock is 3 hours ahead of the gateway's"],
  [-86_400_000 * 400, "the database's clock is 400 days behind the gateway's"],
])("%i milliseconds are told in words", (ahead, sentence) => {
  expect(describeDifference("the database", ahead, "the gateway")).toBe(sentence);
});
