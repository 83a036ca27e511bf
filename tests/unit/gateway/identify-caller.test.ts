import { describe, expect, test } from "@jest/globals";
import type { Caller } from "#gateway/proxy/caller.js";
import {
  identifyCaller,
  identifyLogin,
  identifyLoginFor,
  type CallerDeps,
} from "#gateway/proxy/identify-caller.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRegistryRequest } from "#registry-protocol/request.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { callerWith } from "#tests/support/callers.js";
import { openedRequest } from "#tests/support/requests.js";

const ISSUER = "https://tokens.example";
const APP = "/v2/alpha/app/manifests/1.0";
const OAUTH = "Bearer 0a1b2c";
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const REGISTRY_TOKEN = `Bearer ${part({})}.${part({ iss: ISSUER })}.x`;
const EXCHANGED = `Bearer ${part({})}.${part({ iss: ISSUER })}.exchanged`;
const PULLS = callerWith({
  access: [{ type: "repository", name: "alpha/app", actions: ["pull"] }],
});

/** What was verified, and what was exchanged, in their order. */
function depsWith(
  known: { exchange?: () => Promise<string>; recalled?: Caller; caller?: Caller } = {},
) {
  // prettier-ignore
  const verified: (string | undefined)[] = [];
  const exchanged: (string | null)[] = [];
  const deps = {
    verifier: {
      recall: () => known.recalled ?? null,
      verify: (shown: string | undefined) => {
        verified.push(shown);
        return Promise.resolve(shown === undefined ? null : (known.caller ?? PULLS));
      },
    },
    exchange: ({ authorization }: { authorization: string | null }) => {
      exchanged.push(authorization);
      return (known.exchange ?? (() => Promise.resolve(EXCHANGED)))();
    },
    uploads: { decide: () => Promise.reject(new Error("no upload")) },
    ...{ publicUrl: "https://registry.example", service: "wharfinger", issuer: ISSUER },
  } as unknown as CallerDeps;
  return { deps, verified, exchanged };
}

function requestWith(authorization: string | undefined) {
  return openedRequest(authorization === undefined ? {} : { authorization }).req;
}

const asked = (target = APP, method = "GET") => parseRegistryRequest(method, target);
const refusal = (code: ConstructorParameters<typeof Fault>[0]) => () =>
  Promise.reject(new Fault(code, { message: "the token server says so" }));

describe("whoever reads from the registry API with an OAuth token", () => {
  const read = (deps: CallerDeps, authorization: string | undefined, request = asked()) =>
    identifyCaller(deps, requestWith(authorization), request);

  test("is known by the registry token that it is good for", async () => {
    const { deps, verified, exchanged } = depsWith();
    await expect(read(deps, OAUTH)).resolves.toBe(PULLS);
    expect(verified).toEqual([EXCHANGED]);
    expect(exchanged).toEqual([`Basic ${Buffer.from("oauth2:0a1b2c").toString("base64")}`]);
  });

  test.each([
    ["nothing is shown", undefined, asked()],
    ["a registry token is shown", REGISTRY_TOKEN, asked()],
    ["a password is shown", "Basic YTpi", asked()],
    ["something is written", OAUTH, asked("/v2/alpha/app/blobs/uploads/", "POST")],
  ])("asks the token server for nothing where %s", async (_what, authorization, request) => {
    const { deps, verified, exchanged } = depsWith({ caller: callerWith() });
    await read(deps, authorization, request).catch(() => null);
    expect([verified, exchanged]).toEqual([[authorization], []]);
  });

  test("is not exchanged anew whose token is in memory", async () => {
    const { deps, exchanged } = depsWith({ recalled: PULLS });
    await read(deps, OAUTH);
    expect(exchanged).toEqual([]);
  });

  test("is verified by what was shown where the token is none", async () => {
    const { deps, verified } = depsWith({ exchange: refusal("UNAUTHORIZED") });
    await read(deps, OAUTH);
    const odd = depsWith({ exchange: () => Promise.resolve("no token at all") });
    await read(odd.deps, OAUTH);
    expect([verified, odd.verified]).toEqual([[OAUTH], [OAUTH]]);
  });

  test.each(["UNAVAILABLE", "TOO_MANY_REQUESTS"] as const)(
    "is not refused, but told %s, where that is what the token server says",
    async (code) => {
      const { deps, verified } = depsWith({ exchange: refusal(code) });
      await expect(read(deps, OAUTH)).rejects.toMatchObject({ code });
      expect(verified).toEqual([]);
    },
  );
});

describe("whoever shows a login", () => {
  const login = (deps: CallerDeps, authorization: string | undefined) =>
    identifyLogin(deps, requestWith(authorization), asked());

  test("is known by the token that it is good for, or that it is", async () => {
    const { deps, verified, exchanged } = depsWith();
    for (const shown of [REGISTRY_TOKEN, "Basic YTpi", undefined]) await login(deps, shown);
    expect(verified).toEqual([REGISTRY_TOKEN, EXCHANGED, EXCHANGED]);
    expect(exchanged).toEqual(["Basic YTpi", null]);
  });

  test("is challenged with the scope where the token server takes it for nobody's", async () => {
    const { deps } = depsWith({ exchange: refusal("UNAUTHORIZED") });
    const fault = await login(deps, "Basic YTpi").catch((error: unknown) => error as Fault);
    expect(fault).toMatchObject({ code: "UNAUTHORIZED", message: "the token server says so" });
    expect((fault as Fault).headers["WWW-Authenticate"]).toContain(
      'scope="repository:alpha/app:pull"',
    );
  });

  test("is told what else the token server says, as it is", async () => {
    const { deps } = depsWith({ exchange: refusal("UNAVAILABLE") });
    const fault = await login(deps, "Basic YTpi").catch((error: unknown) => error as Fault);
    expect(fault).toMatchObject({ code: "UNAVAILABLE", headers: {} });
    const broken = depsWith({ exchange: () => Promise.reject(new TypeError("ours")) });
    await expect(login(broken.deps, "Basic YTpi")).rejects.toThrow(TypeError);
  });
});

describe("the gateways' own repository", () => {
  const { repository: name } = MARKER;
  const access = [{ type: "repository" as const, name, actions: ["*"] as const }];
  const caller = callerWith({ access });

  test("is nobody's, whatever they may", async () => {
    const { deps } = depsWith({ caller });
    const denied = { code: "DENIED" };
    const own = asked(`/v2/${name}/manifests/current`);
    await expect(identifyCaller(deps, requestWith(OAUTH), own)).rejects.toMatchObject(denied);
    await expect(identifyLogin(deps, requestWith(OAUTH), own)).rejects.toMatchObject(denied);
    const required = { type: "repository", name, actions: ["pull"] } as const;
    await expect(identifyLoginFor(deps, requestWith(OAUTH), required)).rejects.toMatchObject(denied); // prettier-ignore
  });
});
