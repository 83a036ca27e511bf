import { describe, expect, test } from "@jest/globals";
import { parseTag } from "#registry-protocol/tag.js";

const GOOD = ["latest", "1.0", "v1.2.3-rc.1", "_hidden", "UPPER", "1.0-SNAPSHOT", "a".repeat(128)];

const BAD = [
  ["nothing at all", ""],
  ["a leading dot", ".hidden"],
  ["a leading dash", "-rc"],
  ["a parent segment", ".."],
  ["129 characters", "a".repeat(129)],
  ["a slash", "a/b"],
  ["a colon", "a:b"],
  ["a percent sign", "a%2e"],
  ["a plus sign", "1.0+build"],
  ["a space", "a b"],
  ["a line break at the end", "1.0\n"],
  ["a letter outside ASCII", "ä"],
] as const;

describe("tags", () => {
  test.each(GOOD)("the tag %s is accepted as it is", (tag) => {
    expect(parseTag(tag)).toBe(tag);
  });

  test.each(BAD)("a tag with %s is refused with TAG_NAME_INVALID", (_what, tag) => {
    expect(() => parseTag(tag)).toThrow(expect.objectContaining({ code: "TAG_NAME_INVALID" }));
  });

  test("a tag that is still encoded is told so, and no other one", () => {
    expect(() => parseTag("a%2e")).toThrow(/% is left after/);
    expect(() => parseTag("a/b")).toThrow(/^[^%]*$/);
  });
});
