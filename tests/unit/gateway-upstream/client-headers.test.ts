import { describe, expect, test } from "@jest/globals";
import { allowedHeaders } from "#gateway/upstream/client-headers.js";

describe("headers of a client that go on", () => {
  test("are those that may, and no others", () => {
    const headers = { accept: "a/b", cookie: "c", "x-any": "d" };
    expect(allowedHeaders(headers, ["Accept", "Range"])).toEqual({ Accept: "a/b" });
  });

  test.each([
    ["a letter beyond ASCII", "bytes=0-1\xe4"],
    ["a NUL", "a\0b"],
    ["a line break", "a\r\nX: b"],
    ["more than 8 KiB", "x".repeat(8 * 1024 + 1)],
  ])("refuse a request for %s", (_what, accept) => {
    expect(() => allowedHeaders({ accept }, ["Accept"])).toThrow("the header Accept is not valid");
    expect(allowedHeaders({ accept }, ["Range"])).toEqual({});
  });

  test("may be 8 KiB long", () => {
    const accept = "x".repeat(8 * 1024);
    expect(allowedHeaders({ accept }, ["Accept"])).toEqual({ Accept: accept });
  });
});
