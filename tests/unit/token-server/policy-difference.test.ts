import { describe, expect, test } from "@jest/globals";
import { DEFAULT_RULES } from "#access-policy/default-policy.js";
import { differenceOfContents } from "#token-server/policy/difference.js";

const file = (repositories: string) => `rules:
  - id: push-services
    effect: allow
    actions: [push]
    repositories: ["${repositories}"]
    who: logged-in
`;

describe("what a policy says otherwise than the one before", () => {
  test("is told by rule, as people read them", () => {
    expect(differenceOfContents(file("alpha/**"), file("**"))).toEqual([
      "rule push-services: repositories alpha/** → **",
    ]);
  });

  test("is told of the built-in rules, too", () => {
    const builtIn = JSON.stringify(DEFAULT_RULES);
    expect(differenceOfContents(builtIn, builtIn)).toEqual([]);
    expect(differenceOfContents(builtIn, file("**"))).toContainEqual(
      expect.stringMatching(/^rule no-delete removed: deny delete/),
    );
  });

  test("is not told of what cannot be read any more", () => {
    expect(differenceOfContents("rules: [", file("**"))).toEqual([]);
    expect(differenceOfContents(file("**"), "rules: [")).toEqual([]);
  });
});
