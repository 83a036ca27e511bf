import { describe, expect, test } from "@jest/globals";
import { activeKey, publishedKeys } from "#service-kit/signing/key-schedule.js";

const first = { activeFrom: 0 };
const second = { activeFrom: 1_000 };
const third = { activeFrom: 2_000 };
const keys = [third, first, second];
const RETAIN = 500;

describe("the schedule of signing keys", () => {
  test("a key signs from its moment on, until a later one takes over", () => {
    expect(activeKey(keys, 999)).toBe(first);
    expect(activeKey(keys, 1_000)).toBe(second);
    expect(activeKey(keys, 5_000)).toBe(third);
  });

  test("when no key is due yet the oldest signs, so that there is always one", () => {
    expect(activeKey([third, second], 10)).toBe(second);
  });

  test("a key is published before it signs", () => {
    expect(publishedKeys(keys, 10, RETAIN)).toEqual(expect.arrayContaining([first, second, third]));
  });

  test("a key that was replaced stays published as long as its tokens live, and no longer", () => {
    expect(publishedKeys(keys, 1_499, RETAIN)).toContain(first);
    expect(publishedKeys(keys, 1_500, RETAIN)).not.toContain(first);
    expect(publishedKeys(keys, 9_999, RETAIN)).toEqual([third]);
  });

  test("without any key it says so", () => {
    expect(() => activeKey([], 0)).toThrow("no signing key");
  });
});
