import { describe, expect, test } from "@jest/globals";
import { mixesStars } from "#access-policy/glob.js";
import { policySchema } from "#access-policy/policy-schema.js";

const MOST_MIXED = 10;
const rule = (index: number, who: unknown = "anyone") => ({
  ...{ id: `r${index}`, effect: "allow", actions: ["pull"], who, repositories: ["alpha/**"] },
});
const faults = (rules: readonly unknown[]) =>
  policySchema.safeParse({ rules }).error?.issues.map(({ message }) => message) ?? [];

test.each([
  ["main", false],
  ["*", false],
  ["a*b*", false],
  ["**", false],
  ["a**b**", false],
  ["*/**", true],
  ["a**b*", true],
])("%s has both kinds of stars: %s", (pattern, both) => {
  expect(mixesStars(pattern)).toBe(both);
});

describe("a policy", () => {
  test("has a rule, and 5,000 at most", () => {
    const rules = (length: number) =>
      Array.from({ length }, (_, index) => ({ ...rule(index), repositories: [`t${index}/**`] }));
    expect(faults(rules(1))).toEqual([]);
    expect(faults([])).toEqual([expect.stringContaining("1")]);
    expect(faults(rules(5_000)).filter((message) => message.includes("5000"))).toEqual([]);
    expect(faults(rules(5_001))).toContainEqual(expect.stringContaining("5000"));
  });

  test("has few values of claims with both kinds of stars: each takes long to match", () => {
    const claims = (length: number, pattern: string) => [
      rule(1, { claims: { ref: Array.from({ length }, (_, n) => `${pattern}${n}`) } }),
    ];
    const mixed = (count: number) => expect.stringContaining(`${count} values of claims have both`);
    expect(faults(claims(MOST_MIXED, "*/**"))).toEqual([]);
    expect(faults(claims(MOST_MIXED + 1, "*/**"))).toEqual([mixed(MOST_MIXED + 1)]);
    expect(faults(claims(MOST_MIXED + 1, "**"))).toEqual([]);
  });
});
