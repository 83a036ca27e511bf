import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import type { Request } from "express";
import { clientOrigin } from "#gateway/proxy/client-origin.js";

describe("the origin that a client uses", () => {
  test.each([
    ["registry.example", "https://registry.example"],
    ["registry.example:8443", "https://registry.example:8443"],
    ["127.0.0.1:8080", "https://127.0.0.1:8080"],
    ["[::1]:8080", "https://[::1]:8080"],
    ["my_registry", "https://my_registry"],
  ])("is scheme and host of the request: %s", (host, wanted) => {
    expect(clientOrigin(requestTo(host), null)).toBe(wanted);
  });

  test("is the configured one, whatever the request says", () => {
    expect(clientOrigin(requestTo("evil.example"), "https://registry.example")).toBe(
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
    expect(() => clientOrigin(requestTo(host), null)).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID" }),
    );
  });
});

/** As much of a request as matters here. */
function requestTo(host: string | undefined): Request {
  const request = new IncomingMessage(new Socket());
  return Object.assign(request, { host, protocol: "https" }) as Request;
}
