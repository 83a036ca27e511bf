import { describe, expect, test } from "@jest/globals";
import { tagGlobFault } from "#tag-policy/tag-glob.js";
import { tagPolicySchema } from "#tag-policy/tag-policy-schema.js";

const MUTABLE = { id: "a", effect: "mutable" };

describe("rules for tags", () => {
  test.each([["nothing", null] as const, ["text", "x"] as const, ["a number", 7] as const])(
    "of which one is %s are refused with that fault alone, and where it is",
    (_what, rule) => {
      expect(issuesOf([MUTABLE, rule])).toMatchObject([
        { code: "invalid_type", path: ["rules", 1] },
      ]);
    },
  );

  test.each(["**", "alpha/beta"])("about a namespace called %s are refused", (namespace) => {
    expect(issuesOf([{ ...MUTABLE, namespaces: [namespace] }])).toMatchObject([
      { message: "a namespace is one path component", path: ["rules", 0, "namespaces", 0] },
    ]);
  });

  test("about a namespace by a star are taken", () => {
    expect(issuesOf([{ ...MUTABLE, namespaces: ["alpha-*"] }])).toEqual([]);
  });

  test.each([
    ["tags", ["1"]],
    ["except", ["1"]],
    ["message", "no"],
  ])("without an effect have no %s", (key, value) => {
    expect(issuesOf([{ id: "a", latest: "plain", [key]: value }])).toMatchObject([
      { path: ["rules", 0, key], message: "belongs to a rule with an effect" },
    ]);
  });

  test("have patterns with 3 stars at most", () => {
    expect(tagGlobFault("a*".repeat(3))).toBeNull();
    expect(tagGlobFault("a*".repeat(4))).toBe("at most 3 stars");
  });

  test("have a description of 1,000 characters at most", () => {
    expect(issuesOf([{ ...MUTABLE, description: "d".repeat(1_000) }])).toEqual([]);
    expect(issuesOf([{ ...MUTABLE, description: "d".repeat(1_001) }])).toHaveLength(1);
  });

  test.each([
    ["latest", "virtual"],
    ["latest", "plain"],
    ["signatures", "append-only"],
    ["signatures", "plain"],
    ["scmSource", "required"],
    ["scmSource", "optional"],
    ["effect", "immutable"],
    ["effect", "mutable"],
    ["effect", "forbidden"],
  ])("say of %s that it is %s", (key, value) => {
    expect(issuesOf([{ id: "a", [key]: value }])).toEqual([]);
  });

  test("have a hundred patterns of tags at most, and one at least", () => {
    const patterns = Array.from({ length: 101 }, (_, index) => `v${index}`);
    expect(issuesOf([{ ...MUTABLE, tags: patterns.slice(1) }])).toEqual([]);
    expect(issuesOf([{ ...MUTABLE, tags: patterns }])).toMatchObject([{ code: "too_big" }]);
    expect(issuesOf([{ ...MUTABLE, tags: [] }])).toMatchObject([{ code: "too_small" }]);
  });

  test("are 1,000 at most", () => {
    const rules = Array.from({ length: 1_001 }, (_, index) => ({ ...MUTABLE, id: `r${index}` }));
    expect(issuesOf(rules.slice(1))).toEqual([]);
    expect(issuesOf(rules)).toMatchObject([{ code: "too_big", path: ["rules"] }]);
  });

  test("have a message of one character at least", () => {
    expect(issuesOf([{ ...MUTABLE, message: "m" }])).toEqual([]);
    expect(issuesOf([{ ...MUTABLE, message: "" }])).toHaveLength(1);
  });

  test("have a message of 100 characters at most", () => {
    expect(issuesOf([{ ...MUTABLE, message: "m".repeat(100) }])).toEqual([]);
    expect(issuesOf([{ ...MUTABLE, message: "m".repeat(101) }])).toHaveLength(1);
  });

  test.each<[characters: number, fault: string | null]>([
    [0, "a pattern has 1 to 128 characters"],
    [1, null],
    [128, null],
    [129, "a pattern has 1 to 128 characters"],
  ])("have patterns of tags with 1 to 128 characters: %s", (characters, fault) => {
    const pattern = "v".repeat(characters);
    const messages = issuesOf([{ ...MUTABLE, tags: [pattern] }]).map(({ message }) => message);
    expect(tagGlobFault(pattern)).toBe(fault);
    expect(messages).toEqual(fault === null ? [] : [fault]);
  });
});

function issuesOf(rules: readonly unknown[]) {
  return tagPolicySchema.safeParse({ rules }).error?.issues ?? [];
}
