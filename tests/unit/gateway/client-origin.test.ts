import { describe, expect, test } from "@jest/globals";
import { clientOrigin } from "#gateway/proxy/client-origin.js";
import { openedRequest } from "#tests/support/requests.js";

describe("the origin that a client uses", () => {
  test.each([
    ["registry.example", "http://registry.example"],
    ["registry.example:8443", "http://registry.example:8443"],
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["[::1]:8080", "http://[::1]:8080"],
    ["my_registry", "http://my_registry"],
  ])("is scheme and host of the request: %s", (host, wanted) => {
    expect(originOf({ host }, null)).toBe(wanted);
  });

  test("is the configured one, whatever the request says", () => {
    expect(originOf({ host: "evil.example" }, "https://registry.example")).toBe(
      "https://registry.example",
    );
  });

  test.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["a quote", 'a"b'],
    ["a comma", "a,b"],
    ["a space", "a b"],
    ["a path", "a/b"],
    ["a user", "user@a"],
    ["a line break", "a\r\nX-Evil: 1"],
    ["a port that is no number", "a:b"],
    ["a port of six digits", "a:123456"],
  ])("a Host header with %s is refused rather than put into a challenge", (_what, host) => {
    expect(() => originOf(host === undefined ? {} : { host }, null)).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID" }),
    );
  });
});

function originOf(headers: Record<string, string>, publicUrl: string | null): string {
  return clientOrigin(openedRequest(headers).req, publicUrl);
}
