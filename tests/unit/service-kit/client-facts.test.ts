import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { clientFacts } from "#service-kit/http/client-facts.js";
import { trustedPeers } from "#service-kit/http/trusted-peers.js";
import { requestFrom } from "#tests/support/requests.js";

const TRUSTED = trustedPeers(["10.0.0.0/8", "fd00::/8", "loopback"]);
const PROXY = "10.0.0.1";
const INVALID = expect.objectContaining({ code: "REQUEST_INVALID" });

const factsOf = (headers: Record<string, string>, peer = PROXY) =>
  clientFacts(requestFrom(peer, headers), TRUSTED);

describe("the address of a client behind a trusted proxy", () => {
  test.each([
    ["an address", "192.0.2.7", "192.0.2.7"],
    ["an address with a port (Azure, AWS)", "192.0.2.7:51234", "192.0.2.7"],
    ["IPv6", "2001:db8::7", "2001:db8::7"],
    ["IPv6 in capitals", "2001:DB8::7", "2001:db8::7"],
    ["IPv6 in brackets", "[2001:db8::7]", "2001:db8::7"],
    ["IPv6 in brackets with a port", "[2001:db8::7]:51234", "2001:db8::7"],
    ["the same in quotes", '"[2001:db8::7]:51234"', "2001:db8::7"],
    ["IPv4 mapped into IPv6", "::ffff:192.0.2.7", "192.0.2.7"],
    ["the same in brackets with a port", "[::ffff:192.0.2.7]:51234", "192.0.2.7"],
    ["IPv6 with a zone", "fe80::1%eth0", "fe80::1"],
    ["several hops", "192.0.2.7, 10.0.0.3", "192.0.2.7"],
    ["several hops with ports", "192.0.2.7:51234, 10.0.0.3:443, [fd00::1]:80", "192.0.2.7"],
    ["an address that the client wrote itself", "203.0.113.5, 192.0.2.7:51234", "192.0.2.7"],
    ["a hop that cannot be read", "192.0.2.7, unknown, 10.0.0.3", "10.0.0.3"],
    ["nothing that can be read", "unknown", PROXY],
    ["nothing", "", PROXY],
    ["an address in brackets that is none", "[192.0.2.7]:1", PROXY],
    ["a port of six digits", "192.0.2.7:123456", PROXY],
  ])("X-Forwarded-For with %s", (_what, value, wanted) => {
    expect(factsOf({ "x-forwarded-for": value }).address).toBe(wanted);
  });

  test.each([
    ["an address", "for=192.0.2.7", "192.0.2.7"],
    ["an address with a port", 'for="192.0.2.7:51234"', "192.0.2.7"],
    ["IPv6", 'For="[2001:db8::7]:51234"', "2001:db8::7"],
    ["more about it", 'proto=https; for=192.0.2.7 ;by="_hidden"', "192.0.2.7"],
    ["several hops", "for=192.0.2.7, for=10.0.0.3", "192.0.2.7"],
    ["an address that the client wrote itself", "for=203.0.113.5, for=192.0.2.7", "192.0.2.7"],
    ["a hidden hop", "for=192.0.2.7, for=_x", PROXY],
    ["nothing of whom", "proto=https", PROXY],
    ["a comma and an escaped quote in quotes", 'ext="a,\\"b;", for=192.0.2.7', "192.0.2.7"],
  ])("Forwarded with %s", (_what, value, wanted) => {
    expect(factsOf({ forwarded: value }).address).toBe(wanted);
  });

  test.each(["for", "for=1;for=2", "for=;;", 'for="192.0.2.7', "for=a b"])(
    "a Forwarded header of another form is refused: %s",
    (value) => {
      expect(() => factsOf({ forwarded: value })).toThrow(INVALID);
    },
  );

  test("is the peer's own where the peer is not trusted, and somebody is told", () => {
    for (const name of ["x-forwarded-for", "forwarded", "x-forwarded-proto"])
      expect(factsOf({ [name]: "for=192.0.2.7" }, "::ffff:198.51.100.3")).toMatchObject({
        address: "198.51.100.3",
        ignored: true,
      });
    expect(factsOf({}, "198.51.100.3").ignored).toBe(false);
  });

  test("cannot be chosen by a client who adds the header that the proxy does not write", () => {
    const behind = { "x-forwarded-for": "192.0.2.7" };
    expect(() => factsOf({ ...behind, forwarded: "for=10.9.9.9" })).toThrow(INVALID);
    expect(() => factsOf({ ...behind, forwarded: "for=203.0.113.5" })).toThrow(INVALID);
    expect(factsOf({ ...behind, forwarded: "for=192.0.2.7" }).address).toBe("192.0.2.7");
  });

  test("is always a bare address, whatever a header says", () => {
    const text = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom("[", "]", ",", ":"));
    fc.assert(
      fc.property(fc.array(text), (parts) => {
        const { address } = factsOf({ "x-forwarded-for": parts.join(",") });
        expect(address).toMatch(/^(?:\d+\.\d+\.\d+\.\d+|[0-9a-f:.]+)$/);
      }),
    );
  });
});

describe("the origin of a client behind a trusted proxy", () => {
  const inside = { host: "inside:8080" };
  const https = { ...inside, "x-forwarded-proto": "https" };
  test.each([
    [{ ...https, "x-forwarded-host": "r.example" }, "https://r.example"],
    [{ ...https, "x-forwarded-host": "r.example:8443" }, "https://r.example:8443"],
    [
      { ...https, "x-forwarded-host": "r.example", "x-forwarded-port": "8443" },
      "https://r.example:8443",
    ],
    [{ ...https, "x-forwarded-host": "r.example", "x-forwarded-port": "443" }, "https://r.example"],
    [{ ...https, host: "r.example", "x-forwarded-port": "8443" }, "https://r.example:8443"],
    [
      { ...inside, "x-forwarded-host": "r.example", "x-forwarded-port": "80" },
      "http://r.example:80",
    ],
    [
      { ...https, "x-forwarded-host": "r.example, inside", "x-forwarded-port": "8443, 80" },
      "https://r.example:8443",
    ],
    [
      { ...https, "x-forwarded-host": "[2001:db8::1]", "x-forwarded-port": "8443" },
      "https://[2001:db8::1]:8443",
    ],
    [
      { ...inside, forwarded: 'for=192.0.2.7;proto=https;host="r.example:8443"' },
      "https://r.example:8443",
    ],
    [
      { ...inside, forwarded: "for=192.0.2.7;proto=https;host=r.example, for=10.0.0.3;host=x" },
      "https://r.example",
    ],
    [{ ...inside, forwarded: "for=192.0.2.7" }, "http://inside:8080"],
    [{ ...https, forwarded: "for=192.0.2.7;proto=https" }, "https://inside:8080"],
    [{ ...https, forwarded: "for=192.0.2.7" }, "https://inside:8080"],
    [
      { ...inside, "x-forwarded-host": "r.example", forwarded: "host=r.example" },
      "http://r.example",
    ],
    [{ ...inside, "x-forwarded-host": "r.example", forwarded: "proto=http" }, "http://r.example"],
    [
      { ...inside, "x-forwarded-for": "192.0.2.7", forwarded: "for=192.0.2.7;proto=https;host=x" },
      "http://inside:8080",
    ],
  ])("%j", (headers, wanted) => {
    const { scheme, host } = factsOf(headers);
    expect(`${scheme}://${String(host)}`).toBe(wanted);
  });

  test.each([
    { "x-forwarded-host": 'evil"' },
    { "x-forwarded-host": "r.example", "x-forwarded-port": "none" },
    { "x-forwarded-host": "r.example", "x-forwarded-port": "70000" },
    { "x-forwarded-host": "r.example", "x-forwarded-port": "0" },
    { "x-forwarded-host": "r.example", "x-forwarded-proto": "gopher" },
    { forwarded: "proto=gopher" },
    { forwarded: 'host="a b"' },
    { "x-forwarded-host": "r.example", forwarded: "host=other.example" },
    { "x-forwarded-proto": "https", forwarded: "proto=http" },
  ])("is refused when it cannot be one or contradicts itself: %j", (headers) => {
    expect(() => factsOf(headers as Record<string, string>)).toThrow(INVALID);
  });
});
