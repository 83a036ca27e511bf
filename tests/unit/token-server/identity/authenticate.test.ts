import { describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import { Secret } from "#service-kit/secret.js";
import { authenticate } from "#token-server/identity/authenticate.js";
import type { IdentitySource } from "#token-server/identity/identity-source.js";
import { oauthIdentity } from "#tests/support/identities.js";

const CLOSED = { sources: [], allowPublicRead: false, unrestricted: false };

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
    const deps = { ...CLOSED, allowPublicRead: true, anonymousNamespaces: ["public", "base"] };
    const { identity } = await authenticate(deps, null);
    expect(identity.limits).toEqual([
      { repositories: "public/**", actions: ["pull"] },
      { repositories: "base/**", actions: ["pull"] },
    ]);
  });

  test("has to log in where public read is off, whatever namespaces are listed", async () => {
    const deps = { ...CLOSED, anonymousNamespaces: ["public"] };
    await expect(authenticate(deps, null)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("is told by the first source that accepts the credentials, also when that one refuses", async () => {
    const refusing = source("first", () => Promise.reject(new Fault("UNAUTHORIZED")));
    const deps = { ...CLOSED, sources: [refusing, source("second")] };
    const shown = { username: "alice", password: new Secret("x") };
    await expect(authenticate(deps, shown)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("is unknown when no source accepts the user name", async () => {
    const shown = { username: "alice", password: new Secret("x") };
    await expect(authenticate(CLOSED, shown)).rejects.toThrow("unknown kind of user name");
  });
});

function source(name: string, verify?: IdentitySource["verify"]): IdentitySource {
  const login = { identity: oauthIdentity(), teams: null, validUntil: null, accessToken: null };
  return { name, accepts: () => true, verify: verify ?? (() => Promise.resolve(login)) };
}
