import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { readCursor, writeCursor } from "#rest-api/cursor.js";
import { sealerOf, TEST_SEALER } from "#tests/support/test-sealer.js";

const position = z.object({ name: z.string() });
const write = (at: unknown) => writeCursor(TEST_SEALER, "list of alpha", at);
const CURSOR = write({ name: "alpha/app" });

describe("a cursor", () => {
  test("leads to where it was written", () => {
    expect(readCursor(TEST_SEALER, "list of alpha", CURSOR, position)).toEqual({
      name: "alpha/app",
    });
  });

  test("shows nothing of where that is, and is the same for the same", () => {
    expect(Buffer.from(CURSOR, "base64url").toString("latin1")).not.toMatch(/alpha|app|name/);
    expect(write({ name: "alpha/app" })).toBe(CURSOR);
  });

  test("is as long wherever it leads to", () => {
    expect(write({ name: "a" })).toHaveLength(CURSOR.length);
    expect(write({ name: "a".repeat(64) })).not.toHaveLength(CURSOR.length);
  });

  test("is read by whoever has the key, also when another one seals by now", () => {
    const after = sealerOf("newer", "gateways");
    expect(readCursor(after, "list of alpha", CURSOR, position)).toEqual({ name: "alpha/app" });
  });

  test.each([
    ["of another list", "list of beta", CURSOR],
    ["that was cut", "list of alpha", CURSOR.slice(0, -4)],
    ["that was changed", "list of alpha", CURSOR.replace(/.{4}$/, "xxxx")],
    ["that somebody made up", "list of alpha", Buffer.from('{"name":"b"}').toString("base64url")],
    ["that is empty", "list of alpha", ""],
    ["for another kind of place", "list of alpha", write(7)],
    ["of nothing", "list of alpha", write(undefined)],
    [
      "of gateways with other keys",
      "list of alpha",
      writeCursor(sealerOf("others"), "list of alpha", { name: "b" }),
    ],
  ])("%s is refused", (_what, list, given) => {
    expect(() => readCursor(TEST_SEALER, list, given, position)).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID" }),
    );
  });
});
