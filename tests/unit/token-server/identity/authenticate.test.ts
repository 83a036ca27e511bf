import { describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import { Secret } from "#service-kit/secret.js";
import { authenticate, type CurrentLogins } from "#token-server/identity/authenticate.js";
import type { IdentitySource } from "#token-server/identity/identity-source.js";
import { oauthIdentity } from "#tests/support/identities.js";

const CLOSED = { allowPublicRead: false, unrestricted: false, ...having({ sources: [] }) };

describe("who asks", () => {
  test("is nobody in particular without credentials, and may at most pull", async () => {
    const { identity } = await authenticate({ ...CLOSED, allowPublicRead: true }, null);
    expect(identity).toMatchObject({
      kind: "anonymous",
      uid: "",
      limits: [{ repositories: "**", actions: ["pull"] }],
    });
  });

  test("may without credentials pull from listed namespaces alone, where some are listed", async () => {
    const deps = {
      ...CLOSED,
      allowPublicRead: true,
      ...having({ sources: [], anonymousNamespaces: ["public", "base"] }),
    };
    const { identity } = await authenticate(deps, null);
    expect(identity.limits).toEqual([
      { repositories: "public/**", actions: ["pull"] },
      { repositories: "base/**", actions: ["pull"] },
    ]);
  });

  test("has to log in where public read is off, whatever namespaces are listed", async () => {
    const deps = { ...CLOSED, ...having({ sources: [], anonymousNamespaces: ["public"] }) };
    await expect(authenticate(deps, null)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("is told by the first source that accepts the credentials, also when that one refuses", async () => {
    const refusing = source("first", () => Promise.reject(new Fault("UNAUTHORIZED")));
    const deps = { ...CLOSED, ...having({ sources: [refusing, source("second")] }) };
    const shown = { username: "alice", password: new Secret("x") };
    await expect(authenticate(deps, shown)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("is unknown when no source accepts the user name", async () => {
    const shown = { username: "alice", password: new Secret("x") };
    await expect(authenticate(CLOSED, shown)).rejects.toThrow("unknown kind of user name");
  });

  test("is asked anew when what verified them is no login any more by then", async () => {
    let logins: CurrentLogins = { sources: [] };
    const right = source("right");
    const removed = source("removed", (shown) => {
      logins = { sources: [] };
      return right.verify(shown);
    });
    logins = { sources: [removed] };
    const shown = { username: "alice", password: new Secret("x") };
    const deps = { ...CLOSED, identities: { current: () => logins } };
    await expect(authenticate(deps, shown)).rejects.toThrow("unknown kind of user name");
  });
});

function having(logins: CurrentLogins): { identities: { current: () => CurrentLogins } } {
  return { identities: { current: () => logins } };
}

function source(name: string, verify?: IdentitySource["verify"]): IdentitySource {
  const login = { identity: oauthIdentity(), teams: null, validUntil: null, accessToken: null };
  return { name, accepts: () => true, verify: verify ?? (() => Promise.resolve(login)) };
}
