import { describe, expect, test } from "@jest/globals";
import type { IdentityKind } from "#access-policy/identity.js";
import { asManager, requireAdministrator, type ApiCaller } from "#token-server/api/caller.js";
import { oauthIdentity } from "#tests/support/identities.js";

function callerOf(kind: IdentityKind, isAdministrator: boolean, byRefreshToken = false): ApiCaller {
  const identity = oauthIdentity({ kind });
  const { uid, realm } = identity;
  const actor = { uid, realm, kind, address: "192.0.2.1", userAgent: "", requestId: "1" };
  const login = { identity, teams: null, validUntil: null, accessToken: null };
  const { address } = actor;
  const by = { isAdministrator, byRefreshToken, registry: null };
  return { login, identity, teams: ["alpha"], ...by, address, actor };
}

describe("robots are managed", () => {
  test.each<IdentityKind>(["robot", "machine", "anonymous", "unrestricted"])(
    "by no login of kind %s, not even an administrator's",
    (kind) => {
      for (const isAdministrator of [false, true])
        expect(() => asManager(callerOf(kind, isAdministrator))).toThrow("cannot manage robots");
    },
  );

  test("by no stored login, whosever it is: a robot would outlive it", () => {
    for (const isAdministrator of [false, true])
      expect(() => asManager(callerOf("oauth2", isAdministrator, true))).toThrow(
        "a refresh token cannot manage robots",
      );
  });

  test.each<IdentityKind>(["oauth2", "oidc", "htpasswd", "ldap"])(
    "by logins of kind %s",
    (kind) => {
      expect(asManager(callerOf(kind, false))).toMatchObject({ teams: ["alpha"] });
    },
  );
});

test("what is for administrators is for nobody else", () => {
  const asking = (isAdministrator: boolean) => () => {
    requireAdministrator(callerOf("oauth2", isAdministrator), "ask");
  };
  expect(asking(false)).toThrow("only administrators");
  expect(asking(true)).not.toThrow();
});
