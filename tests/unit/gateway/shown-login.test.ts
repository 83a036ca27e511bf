import { expect, test } from "@jest/globals";
import { shownLogin } from "#gateway/proxy/shown-login.js";

const OURS = "token server";

/** A token that says so, signed by nobody. */
function saying(claims: object): string {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64url");
  return `${part({ alg: "ES256" })}.${part(claims)}.c2ln`;
}

test.each([
  ["our token server", saying({ iss: OURS })],
  ["our token server, for nothing", saying({ iss: OURS, access: null })],
  ["another registry's", saying({ iss: "elsewhere", access: [] })],
  ["the gateway, for the registry", saying({ iss: "gateway", access: [{ type: "repository" }] })],
])("a token of %s is a registry token, to be verified here and by nobody else", (_whose, token) => {
  expect(shownLogin(`Bearer ${token}`, OURS)).toEqual({ kind: "registry-token" });
});

test.each([
  ["opaque", "alice-token"],
  ["of another issuer", saying({ iss: "https://login.example.org", scope: "uid" })],
  ["no JSON", "a.b.c"],
  ["of two parts", saying({ iss: OURS }).replace(/\.c2ln$/, "")],
])("an access token that is %s is what somebody logs in with", (_form, token) => {
  const basic = `Basic ${Buffer.from(`oauth2:${token}`).toString("base64")}`;
  for (const scheme of ["Bearer", "token"])
    expect(shownLogin(`${scheme} ${token}`, OURS)).toEqual({ kind: "access-token", basic });
});

test("whoever shows nothing is nobody, and another scheme is refused", () => {
  expect(shownLogin(undefined, OURS)).toEqual({ kind: "nobody" });
  expect(() => shownLogin("Digest x", OURS)).toThrow("Bearer, Token or Basic");
});
