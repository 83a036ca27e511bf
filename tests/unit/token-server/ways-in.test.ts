import { describe, expect, test } from "@jest/globals";
import { requireWayIn, type WaysIn } from "#token-server/logins/closed-by-default.js";
import { readLogins, type Logins } from "#token-server/logins/config.js";

const CLOSED: WaysIn = {
  authentication: "on",
  allowPublicRead: false,
  tokeninfoUrl: null,
  iidinfoUrl: null,
};
const NO_LOGINS = readLogins(null);
const asked = (change: Partial<WaysIn>, logins: Partial<Logins> = {}) => {
  return () => {
    requireWayIn({ ...CLOSED, ...change }, { ...NO_LOGINS, ...logins });
  };
};
/** Whether there is one is all that is looked at. */
const ANY = {} as never;

test("a token server without any way in does not start", () => {
  expect(asked({})).toThrow("there is no login");
});

describe("a token server starts with", () => {
  test.each<Partial<WaysIn>>([
    { authentication: "off" },
    { allowPublicRead: true },
    { tokeninfoUrl: "https://tokens.example" },
    { iidinfoUrl: "https://machines.example" },
  ])("%j alone", (change) => {
    expect(asked(change)).not.toThrow();
  });

  test.each<[string, Partial<Logins>]>([
    ["an issuer", { oidc: [ANY] }],
    ["machines", { machines: ANY }],
    ["a password file", { htpasswd: ANY }],
    ["a directory", { ldap: ANY }],
  ])("%s alone", (_what, logins) => {
    expect(asked({}, logins)).not.toThrow();
  });
});
