import { describe, expect, test } from "@jest/globals";
import { isDeletable } from "#tag-policy/deletable.js";
import type { TagRule } from "#tag-policy/tag-rule.js";

describe("whether a tag may be deleted", () => {
  test.each<[TagRule["mutability"], Partial<TagRule>, locked: boolean, wanted: boolean]>([
    ["mutable", {}, false, true],
    ["mutable", {}, true, false],
    ["mutable", { deletable: true }, true, false],
    ["mutable", { deletable: false }, false, false],
    ["mutable", { appendOnly: true }, false, false],
    ["mutable", { appendOnly: true, deletable: true }, false, true],
    ["immutable", {}, false, false],
    ["immutable", { deletable: true }, false, true],
    ["immutable", { deletable: true }, true, false],
    ["forbidden", {}, false, false],
    ["forbidden", { deletable: true }, false, true],
    ["forbidden", { deletable: true }, true, false],
  ])("%s %j, locked %s: %s", (mutability, more, locked, wanted) => {
    expect(isDeletable({ mutability, name: "a", ...more }, locked)).toBe(wanted);
  });
});
