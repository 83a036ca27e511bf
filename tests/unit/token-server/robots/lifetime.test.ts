import { describe, expect, test } from "@jest/globals";
import { endOf, keptEnd, overlapEnd } from "#token-server/robots/lifetime.js";

const DAY = 86_400_000;
const NOW = 1_000 * DAY;
const deps = (robotMaxDays: number) => ({ robotMaxDays, now: () => NOW });
const daysUntil = (end: Date) => (end.getTime() - NOW) / DAY;
const inDays = (days: number) => ({ expiresAt: new Date(NOW + days * DAY) });

describe("a robot lives", () => {
  test.each([
    [null, 90, 90],
    [null, 400, 365],
    [90, 90, 90],
    [366, 400, 366],
  ])("where %j days are asked for and %d allowed, for %d", (asked, most, days) => {
    expect(daysUntil(endOf(deps(most), asked))).toBe(days);
  });

  test("no longer than robots may", () => {
    expect(() => endOf(deps(90), 91)).toThrow("robots live 90 days at most");
  });

  test.each([
    [10, 90, 10],
    [300, 90, 90],
  ])("on to its end in %d days where %d are allowed: %d", (left, most, days) => {
    expect(daysUntil(keptEnd(deps(most), inDays(left)))).toBe(days);
  });

  test.each([0, -1])("and not after it: %d days left", (left) => {
    expect(() => keptEnd(deps(90), inDays(left))).toThrow("the robot expired at");
  });
});

test("the secret of before a rotation ends with it, after some hours, or with the robot", () => {
  const { expiresAt } = inDays(2);
  const end = (hours: number) => overlapEnd(deps(90), hours, expiresAt);
  expect(end(0)).toBeNull();
  expect(end(24)).toEqual(inDays(1).expiresAt);
  expect(end(72)).toEqual(expiresAt);
});
