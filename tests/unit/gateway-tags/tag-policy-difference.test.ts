import { describe, expect, test } from "@jest/globals";
import { differenceOfTagRules } from "#gateway/config/tag-policy-difference.js";

const rules = (...lines: string[]) => `rules:\n${lines.map((line) => `  - ${line}\n`).join("")}`;
const RELEASES = '{ id: releases, tags: ["v*"], effect: immutable }';
const MAIN = "{ id: main, tags: [main], effect: mutable }";

describe("what rules for tags say otherwise", () => {
  test("is told by rule: what came, what went, and from what to what it changed", () => {
    const before = rules(RELEASES, MAIN);
    const after = rules(
      '{ id: releases, tags: ["v*", "r*"], effect: mutable }',
      "{ id: dev, tags: [dev], effect: mutable }",
    );
    expect(differenceOfTagRules(before, after)).toEqual([
      "rule main removed",
      'rule releases: tags ["v*"] → ["v*","r*"]',
      'rule releases: effect "immutable" → "mutable"',
      'rule dev added: {"id":"dev","tags":["dev"],"effect":"mutable"}',
    ]);
  });

  test("is their order, too, since the first that matches decides", () => {
    expect(differenceOfTagRules(rules(RELEASES, MAIN), rules(MAIN, RELEASES))).toEqual([
      "order: releases, main → main, releases",
    ]);
    expect(differenceOfTagRules(rules(RELEASES), `# the same\n${rules(RELEASES)}`)).toEqual([]);
  });

  test("is not told of what cannot be read any more", () => {
    expect(differenceOfTagRules("rules: 1", rules(MAIN))).toEqual([]);
  });
});
