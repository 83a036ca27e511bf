import { describe, expect, test } from "@jest/globals";
import { authorize } from "#gateway/proxy/authorize.js";
import { InvalidToken, type Caller, type TokenVerifier } from "#gateway/proxy/caller.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRegistryRequest } from "#registry-protocol/request.js";
import type { Access } from "#registry-protocol/scope.js";
import { callerWith } from "#tests/support/callers.js";

const REALM = { realm: "https://registry.example/token", service: "wharfinger" };
const PUSH: Access = { type: "repository", name: "alpha/app", actions: ["pull", "push"] };
const PULL: Access = { ...PUSH, actions: ["pull"] };
/** Nothing is known of any upload: whoever has a good token may go on. */
const NO_UPLOADS = {
  decide: (_session: string, _asking: unknown, tokenExpired: boolean) =>
    Promise.resolve({ allow: !tokenExpired, reason: "session-unknown" as const }),
};
const REFUSED = {
  type: "repository",
  name: "alpha/app",
  action: "push",
  reason: "bob is not in team alpha",
};

describe("authorization of a request", () => {
  test("a token that grants what is needed lets the request pass", async () => {
    const caller = callerWith({ access: [PUSH] });
    await expect(pushAs(caller)).resolves.toBe(caller);
  });

  test("* on the repository lets every request pass", async () => {
    const caller = callerWith({ access: [{ ...PUSH, actions: ["*"] }] });
    await expect(pushAs(caller)).resolves.toBe(caller);
  });

  test("any valid token will do for the version check", async () => {
    const caller = callerWith();
    await expect(ask("GET", "/v2/", verifierOf(caller))).resolves.toBe(caller);
  });

  test("no token is answered with a challenge that names realm, service and scope", async () => {
    const fault = await refusalOf(pushAs(null));
    expect(fault.code).toBe("UNAUTHORIZED");
    expect(fault.headers["WWW-Authenticate"]).toBe(
      'Bearer realm="https://registry.example/token",service="wharfinger",scope="repository:alpha/app:pull,push"',
    );
  });

  test("no token for the version check is answered with a challenge without a scope", async () => {
    const fault = await refusalOf(ask("GET", "/v2/", verifierOf(null)));
    expect(fault.headers["WWW-Authenticate"]).toBe(
      'Bearer realm="https://registry.example/token",service="wharfinger"',
    );
  });

  test("a token that is no valid one is challenged with error=invalid_token", async () => {
    const verifier = verifierThat(() => Promise.reject(new InvalidToken("the token has expired")));
    const fault = await refusalOf(ask("GET", "/v2/", verifier));
    expect(fault.message).toBe("the token has expired");
    expect(fault.headers["WWW-Authenticate"]).toContain('error="invalid_token"');
  });

  test.each([
    ["of another repository", { ...PUSH, name: "alpha/other" }],
    ["of a repository above", { ...PUSH, name: "alpha" }],
    ["for pulls alone", PULL],
    ["for pushes alone", { ...PUSH, actions: ["push"] } satisfies Access],
    ["of another type", { ...PUSH, type: "registry" }],
  ] as const)("a token %s is challenged with error=insufficient_scope", async (_what, access) => {
    const fault = await refusalOf(pushAs(callerWith({ access: [access] })));
    expect(fault.code).toBe("UNAUTHORIZED");
    expect(fault.headers["WWW-Authenticate"]).toContain('error="insufficient_scope"');
    expect(fault.headers["WWW-Authenticate"]).toContain("repository:alpha/app:pull,push");
  });

  test("what the token server refused before is denied for good, with its reason", async () => {
    const fault = await refusalOf(pushAs(callerWith({ access: [PULL], refused: [REFUSED] })));
    expect(fault.code).toBe("DENIED");
    expect(fault.message).toBe("may not push to alpha/app: bob is not in team alpha");
    expect(fault.headers).toEqual({});
  });

  test("a refusal of something else is no reason to deny", async () => {
    const refused = [
      { ...REFUSED, name: "alpha/other" },
      { ...REFUSED, type: "registry" },
      { ...REFUSED, action: "delete" },
    ];
    const fault = await refusalOf(pushAs(callerWith({ access: [PULL], refused })));
    expect(fault.code).toBe("UNAUTHORIZED");
  });

  test("a refusal of an action that the token grants all the same denies nothing", async () => {
    const caller = callerWith({ access: [PUSH], refused: [REFUSED] });
    await expect(pushAs(caller)).resolves.toBe(caller);
  });

  test("nobody in particular is told to log in rather than denied, by the plain challenge", async () => {
    const refused = [{ ...REFUSED, reason: "log in to push" }];
    const fault = await refusalOf(pushAs(callerWith({ kind: "anonymous", refused })));
    expect(fault.code).toBe("UNAUTHORIZED");
    expect(fault.message).toBe("may not push to alpha/app: log in to push");
    expect(fault.headers["WWW-Authenticate"]).toBe(
      'Bearer realm="https://registry.example/token",service="wharfinger",scope="repository:alpha/app:pull,push"',
    );
  });

  test("nobody in particular, who has not asked for this yet, is told that more can be had", async () => {
    const fault = await refusalOf(pushAs(callerWith({ kind: "anonymous" })));
    expect(fault.headers["WWW-Authenticate"]).toContain('error="insufficient_scope"');
  });

  test("not being able to verify is neither a challenge nor a denial", async () => {
    const away = new Fault("UNAVAILABLE");
    const verifier = verifierThat(() => Promise.reject(away));
    await expect(ask("GET", "/v2/", verifier)).rejects.toBe(away);
  });
});

type Verifying = Pick<TokenVerifier, "verify">;

function verifierThat(verify: TokenVerifier["verify"]): Verifying {
  return { verify };
}

function verifierOf(caller: Caller | null): Verifying {
  return verifierThat(() => Promise.resolve(caller));
}

function ask(method: string, target: string, verifier: Verifying): Promise<Caller> {
  const request = parseRegistryRequest(method, target);
  return authorize(verifier, request, "Bearer x", REALM, NO_UPLOADS);
}

function pushAs(caller: Caller | null): Promise<Caller> {
  return ask("PUT", "/v2/alpha/app/manifests/1.0", verifierOf(caller));
}

async function refusalOf(answer: Promise<Caller>): Promise<Fault> {
  const outcome = await answer.catch((error: unknown) => error);
  if (outcome instanceof Fault) return outcome;
  throw new Error("the request was not refused");
}
