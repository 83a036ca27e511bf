import { describe, expect, test } from "@jest/globals";
import { rangeToAskFor } from "#gateway/upstream/byte-range.js";

const REFUSED = "bytes=999999999999999-";

describe("the part of a blob that the registry is asked for", () => {
  test.each([
    ["bytes=0-4", "bytes=0-4"],
    ["bytes=5-", "bytes=5-"],
    ["bytes=-5", "bytes=-5"],
    ["bytes=0-1, 3-4", "bytes=0-1,3-4"],
    ["bytes=,0-1,,", "bytes=0-1"],
    ["bytes=7-7", "bytes=7-7"],
    // RFC 9110 section 14.1: names of units mean the same in any case.
    ["Bytes=0-4", "bytes=0-4"],
    // No part at all besides one: that one.
    ["bytes=-0,0-1", "bytes=0-1"],
  ])("is that of %s", (given, wanted) => {
    expect(rangeToAskFor("GET", given)).toBe(wanted);
  });

  test.each(["lines=0-1", "seconds=1-2", "x="])("is all of it for %s, an unknown unit", (given) => {
    expect(rangeToAskFor("GET", given)).toBeUndefined();
  });

  test.each([
    ...["bytes=abc", "bytes=5-2", "bytes=", "bytes=-", "bytes=,", "bytes=-0", "bytes=-00,-0"],
    ...[
      "bytes=0-4;x",
      "bytes=0x1-2",
      "bytes=1",
      "bytes=+1-2",
      "bytes = 0-4",
      "garbage",
      "",
      "=0-1",
    ],
    ...["bytes=0-1,abc", "bytes=0-9999999999999999999", "bytes=٣-٤"],
  ])("is one that there is not for %j", (given) => {
    expect(rangeToAskFor("GET", given)).toBe(REFUSED);
  });

  test.each(["HEAD", "DELETE"])("is not asked for with %s", (method) => {
    expect(rangeToAskFor(method, "bytes=0-4")).toBeUndefined();
  });

  test("is not asked for when the client does not", () => {
    expect(rangeToAskFor("GET", undefined)).toBeUndefined();
  });
});
