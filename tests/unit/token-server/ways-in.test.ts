import { readConfig } from "#token-server/config/config.js";
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
const faultsOf = (change: Partial<WaysIn>, logins: Partial<Logins> = {}): string[] => {
  const faults: string[] = [];
  const fault = (name: string, text: string) => faults.push(`${name}: ${text}`);
  requireWayIn({ fault }, { ...CLOSED, ...change }, { ...NO_LOGINS, ...logins });
  return faults;
};
/** Whether there is one is all that is looked at. */
const ANY = {} as never;

test("a token server without any way in does not start", () => {
  expect(faultsOf({})).toEqual([expect.stringContaining("AUTHENTICATION: there is no login")]);
});

test("that is looked at when it starts, with what the logins file says", () => {
  const faults = (env: NodeJS.ProcessEnv) => {
    try {
      readConfig({ KEYS_DIR: "/nowhere", ...env });
      return "";
    } catch (error) {
      return String(error);
    }
  };
  expect(faults({})).toContain("there is no login");
  expect(faults({ HTTP_ALLOW_PUBLIC_READ: "true" })).not.toContain("there is no login");
});

describe("a token server starts with", () => {
  test.each<Partial<WaysIn>>([
    { authentication: "off" },
    { allowPublicRead: true },
    { tokeninfoUrl: "https://tokens.example" },
    { iidinfoUrl: "https://machines.example" },
  ])("%j alone", (change) => {
    expect(faultsOf(change)).toEqual([]);
  });

  test.each<[string, Partial<Logins>]>([
    ["an issuer", { oidc: [ANY] }],
    ["machines", { machines: ANY }],
    ["a password file", { htpasswd: ANY }],
    ["a directory", { ldap: ANY }],
  ])("%s alone", (_what, logins) => {
    expect(faultsOf({}, logins)).toEqual([]);
  });
});
