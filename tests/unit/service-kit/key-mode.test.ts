import { describe, expect, test } from "@jest/globals";
import { isReadableByOthers } from "#service-kit/signing/key-mode.js";

const OWN = 1000;

describe("a file with a key", () => {
  test.each([
    [0o600, OWN, false, "its owner's alone"],
    [0o640, OWN, true, "our own, which the group may read"],
    [0o604, OWN, true, "our own, which everybody may read"],
    [0o440, 0, false, "root's, which a group may read, as a Secret in a pod"],
    [0o444, 0, true, "root's, which everybody may read"],
    [0o460, 0, true, "root's, which a group may write"],
  ])("of mode %o and owner %i is readable by others: %s (%s)", (mode, uid, expected) => {
    expect(isReadableByOthers({ mode, uid }, OWN)).toBe(expected);
  });

  test("is looked at more narrowly where there are no users", () => {
    expect(isReadableByOthers({ mode: 0o666, uid: 0 }, undefined)).toBe(true);
  });
});
