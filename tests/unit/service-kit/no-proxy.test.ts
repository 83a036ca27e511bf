import { describe, expect, test } from "@jest/globals";
import { parseNoProxy } from "#service-kit/http/no-proxy.js";

const isDirect = (list: string, host: string, port = 443) => {
  const bypass = parseNoProxy(list);
  if (typeof bypass === "function") return bypass(host, port);
  throw new Error(`not understood: ${bypass.unknown.join()}`);
};

describe("NO_PROXY", () => {
  test.each<[list: string, host: string, direct: boolean]>([
    ["*", "anything.example.org", true],
    ["other.org,*", "anything.example.org", true],
    ["example.org", "example.org", true],
    ["example.org", "a.b.example.org", true],
    ["example.org", "badexample.org", false],
    ["example.org", "example.org.evil.org", false],
    [".example.org", "example.org", true],
    [".example.org", "a.example.org", true],
    ["*.example.org", "a.example.org", true],
    ["*.example.org", "example.org", false],
    ["EXAMPLE.org.", "A.Example.ORG.", true],
    ["other.org, example.org", "example.org", true],
    ["other.org example.org", "example.org", true],
    ["registry", "registry", true],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.30", false],
    ["10.0.0.0/8", "10.1.2.3", true],
    ["10.0.0.0/8", "11.1.2.3", false],
    ["10.0.0.0/8", "10.example.org", false],
    ["fd00::/8", "[fd00::1]", true],
    ["fd00::/8", "[fe00::1]", false],
    ["[::1]", "[::1]", true],
    ["fd00:0:0::1", "[fd00::1]", true],
    ["", "example.org", false],
    [" , ", "example.org", false],
  ])("%j asks %s directly: %s", (list, host, direct) => {
    expect(isDirect(list, host)).toBe(direct);
  });

  test.each<[list: string, host: string, port: number, direct: boolean]>([
    ["example.org:8443", "example.org", 8443, true],
    ["example.org:8443", "a.example.org", 8443, true],
    ["example.org:8443", "example.org", 443, false],
    ["10.1.2.3:80", "10.1.2.3", 80, true],
    ["10.1.2.3:80", "10.1.2.3", 443, false],
    ["[fd00::1]:80", "[fd00::1]", 80, true],
    ["[fd00::1]:80", "[fd00::1]", 81, false],
    ["example.org", "example.org", 8443, true],
  ])("%j asks %s at port %d directly: %s", (list, host, port, direct) => {
    expect(isDirect(list, host, port)).toBe(direct);
  });

  test.each([
    "10.0.0.0/33",
    "fd00::/129",
    "example.org/8",
    "10.0.0.*",
    "exa mple.org:x",
    "<local>",
    "http://example.org",
    "example.org:123456",
    "a..b",
  ])("%j is not understood, and says what is not", (list) => {
    expect(parseNoProxy(list)).toHaveProperty("unknown");
  });
});
