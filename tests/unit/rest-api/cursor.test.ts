import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { readCursor, writeCursor } from "#rest-api/cursor.js";

const position = z.object({ name: z.string() });
const CURSOR = writeCursor("list of alpha", { name: "alpha/app" });

describe("a cursor", () => {
  test("leads to where it was written", () => {
    expect(readCursor("list of alpha", CURSOR, position)).toEqual({ name: "alpha/app" });
  });

  test.each([
    ["of another list", "list of beta", CURSOR],
    ["that was cut", "list of alpha", CURSOR.slice(0, -1)],
    ["that was changed", "list of alpha", CURSOR.replace(/.$/, "x")],
    ["that somebody made up", "list of alpha", Buffer.from('{"name":"b"}').toString("base64url")],
    ["that is empty", "list of alpha", ""],
    ["for another kind of place", "list of alpha", writeCursor("list of alpha", 7)],
    ["of no JSON", "list of alpha", writeCursor("list of alpha", undefined)],
  ])("%s is refused", (_what, list, given) => {
    expect(() => readCursor(list, given, position)).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID" }),
    );
  });
});
