import { describe, expect, test } from "@jest/globals";
import { claimedIssuer } from "#token-server/identity/oidc/jwt-form.js";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const HEADER = encode({ alg: "RS256" });
const PAYLOAD = encode({ iss: "https://issuer.example" });

describe("the issuer that a password claims", () => {
  test("is the iss of what has the form of a JWT", () => {
    expect(claimedIssuer(`${HEADER}.${PAYLOAD}.c2ln`)).toBe("https://issuer.example");
  });

  test.each([
    ["an opaque token", "c6a5f1b2-1d9a-4d5e-9f0e-2b9f2d2c1a11"],
    ["three words with dots", "one.two.three"],
    ["two parts", `${HEADER}.${PAYLOAD}`],
    ["four parts", `${HEADER}.${PAYLOAD}.c2ln.c2ln`],
    ["a header without alg", `${encode({})}.${PAYLOAD}.c2ln`],
    ["a header that is no JSON", `bm9w.${PAYLOAD}.c2ln`],
    ["a payload that is no JSON", `${HEADER}.bm9w.c2ln`],
    ["a payload without iss", `${HEADER}.${encode({ sub: "x" })}.c2ln`],
    ["an iss that is no text", `${HEADER}.${encode({ iss: ["https://issuer.example"] })}.c2ln`],
    ["a payload that is a list", `${HEADER}.${encode(["iss"])}.c2ln`],
    ["a payload that is null", `${HEADER}.${encode(null)}.c2ln`],
    ["base64 of another alphabet", `${HEADER}.${PAYLOAD}.+/==`],
    ["the empty text", ""],
    ["1 MiB", `${HEADER}.${PAYLOAD}.${"A".repeat(1024 * 1024)}`],
  ])("is nothing for %s", (_what, text) => {
    expect(claimedIssuer(text)).toBeNull();
  });
});
