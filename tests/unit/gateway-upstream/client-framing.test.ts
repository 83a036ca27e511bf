import { describe, expect, test } from "@jest/globals";
import { framingOf, mayBringBody } from "#gateway/upstream/client-framing.js";

const framing = (rawHeaders: string[], httpVersion = "1.1") =>
  framingOf({ rawHeaders, httpVersion });

describe("a request's body", () => {
  test.each([
    [[], { kind: "none" }],
    [["X", "content-length", "content-length", "7"], { kind: "length", bytes: 7 }],
    [["Host", "Transfer-Encoding"], { kind: "none" }],
    [["Transfer-Encoding", "Chunked "], { kind: "chunked" }],
  ])("of %j ends as they say", (headers, wanted) => {
    expect(framing(headers)).toEqual(wanted);
  });

  test.each([
    ["two lengths", ["Content-Length", "7", "content-length", "7"]],
    ["a length and chunks", ["Content-Length", "7", "Transfer-Encoding", "chunked"]],
    ["two codings", ["Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"]],
    ["another coding", ["Transfer-Encoding", "gzip, chunked"]],
    ["a length with a sign", ["Content-Length", "+7"]],
    ["a length that is too long", ["Content-Length", "9".repeat(16)]],
  ])("of %s is refused", (_what, headers) => {
    expect(() => framing(headers)).toThrow("the request's body");
  });

  test("has no chunks before HTTP/1.1", () => {
    expect(() => framing(["Transfer-Encoding", "chunked"], "1.0")).toThrow("without chunks");
  });
});

test.each([
  [{ kind: "none" }, {}, false],
  [{ kind: "length", bytes: 0 }, {}, true],
  [{ kind: "chunked" }, {}, true],
  // What follows is in whatever protocol.
  [{ kind: "none" }, { upgrade: "h2c" }, true],
] as const)(
  "a request that is framed by %j, with the headers %j, may bring something: %s",
  (framed, headers, may) => {
    expect(mayBringBody({ headers }, framed)).toBe(may);
  },
);
