import { describe, expect, test } from "@jest/globals";
import { refuseHead, type RequestHead } from "#service-kit/http/request-head.js";
import { sourceOf } from "#service-kit/http/source.js";

const head = (lines: readonly string[], rest: Partial<RequestHead> = {}): RequestHead => ({
  method: "POST",
  url: "/v2/",
  httpVersion: "1.1",
  rawHeaders: lines.flatMap((line) => [
    line.slice(0, line.indexOf(":")),
    line.slice(line.indexOf(":") + 2),
  ]),
  ...rest,
});
const refusalOf = (given: RequestHead) => refuseHead(given)?.reason ?? "none";
const HOST = "Host: a";

describe("the head of a request", () => {
  test.each([
    ["as clients send it", [HOST, "Authorization: Bearer x", "Content-Length: 5"]],
    ["with chunks", [HOST, "Transfer-Encoding: Chunked"]],
    ["that waits with its body", [HOST, "Expect: 100-Continue", "Content-Length: 5"]],
    ["that offers HTTP/2", [HOST, "Connection: Upgrade", "Upgrade: h2c"]],
    [
      "with lists in several headers",
      [HOST, "Accept: a", "Accept: b", "X-Forwarded-For: c", "X-Forwarded-For: d"],
    ],
    ["with a hundred headers", [HOST, ...Array.from({ length: 99 }, (_, i) => `X-${i}: 1`)]],
  ])("is let in %s", (_what, lines) => {
    expect(refusalOf(head(lines))).toBe("none");
  });

  test.each([
    [
      "headers",
      "with a hundred and one headers",
      [HOST, ...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`)],
    ],
    ["malformed", "without a host", ["Accept: a"]],
    ["malformed", "with two hosts", [HOST, "HOST: a"]],
    ["malformed", "with two logins", [HOST, "Authorization: a", "authorization: b"]],
    ["malformed", "with two content types", [HOST, "Content-Type: a", "Content-Type: a"]],
    ["malformed", "with two ranges", [HOST, "Range: a", "Range: b"]],
    ["malformed", "with two content ranges", [HOST, "Content-Range: a", "Content-Range: b"]],
    ["malformed", "with two lengths", [HOST, "Content-Length: 5", "Content-Length: 5"]],
    [
      "malformed",
      "with two codings",
      [HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ],
    [
      "framing",
      "with length and chunks",
      [HOST, "Content-Length: 5", "Transfer-Encoding: chunked"],
    ],
    ["framing", "with another coding", [HOST, "Transfer-Encoding: gzip, chunked"]],
    ["framing", "with identity", [HOST, "Transfer-Encoding: identity"]],
    ["framing", "with an empty coding", [HOST, "Transfer-Encoding: "]],
    ["upgrade", "that wants to talk WebSocket", [HOST, "Upgrade: websocket"]],
    ["upgrade", "that offers more than HTTP/2", [HOST, "Upgrade: h2c, websocket"]],
    ["expectation", "that expects what we cannot do", [HOST, "Expect: 200-ok"]],
    ["expectation", "that expects more than to go on", [HOST, "Expect: x, 100-continue"]],
  ])("is refused for %s %s", (reason, _what, lines) => {
    expect(refusalOf(head(lines))).toBe(reason);
  });

  test.each(["http://a/v2/", "*", "", "v2/", "/v2/\x80", "/v2/ x", "/v2/\x7f", "/v2/\t"])(
    "is refused with the target %j",
    (url) => {
      expect(refusalOf(head([HOST], { url }))).toBe("malformed");
    },
  );

  test("of HTTP/1.0 needs no host, and has no chunks", () => {
    expect(refusalOf(head([], { httpVersion: "1.0" }))).toBe("none");
    const chunked = head([HOST, "Transfer-Encoding: chunked"], { httpVersion: "1.0" });
    expect(refusalOf(chunked)).toBe("framing");
  });

  test.each(["0.9", "2.0", "1.2"])("of HTTP/%s is refused", (httpVersion) => {
    expect(refusalOf(head([HOST], { httpVersion }))).toBe("malformed");
  });
});

describe("one source", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("%s counts as %s", (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });

  test("is also whoever has gone already", () => {
    expect(sourceOf(undefined)).toBe("unknown");
  });
});
