import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import type { VerifiedLogin } from "#token-server/identity/identity-source.js";
import { makeLogin } from "#token-server/identity/make-login.js";
import { flattenClaims, withheldClaims } from "#token-server/identity/oidc/claims.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { claimsMapper } from "#token-server/identity/oidc/map-claims.js";
import {
  GITHUB_CLAIMS,
  GITHUB_ISSUER,
  GITLAB_CLAIMS,
  GITLAB_ISSUER,
  KUBERNETES_CLAIMS,
  KUBERNETES_ISSUER,
} from "#tests/integration/logins/support/platforms.js";

describe("the claims of a platform's token", () => {
  test("of GitHub Actions name the repository and its owner's team", () => {
    expect(map(GITHUB_ISSUER, GITHUB_CLAIMS)).toMatchObject({
      identity: {
        uid: "github:acme/app",
        realm: "/services",
        scopes: ["application.write"],
        kind: "oidc",
        claims: { repository: "acme/app", ref: "refs/heads/main", environment: "production" },
        limits: null,
      },
      teams: ["alpha"],
      validUntil: null,
    });
  });

  test("of GitLab CI name the project and its group", () => {
    expect(map(GITLAB_ISSUER, GITLAB_CLAIMS)).toMatchObject({
      identity: { uid: "gitlab:alpha/app", realm: "/services", scopes: ["application.write"] },
      teams: ["alpha"],
    });
  });

  test("of Kubernetes name namespace and service account", () => {
    expect(map(KUBERNETES_ISSUER, KUBERNETES_CLAIMS)).toMatchObject({
      identity: {
        uid: "k8s:alpha:deployer",
        claims: { "kubernetes.io/namespace": "alpha", sub: KUBERNETES_CLAIMS.sub },
      },
      teams: ["alpha"],
    });
  });

  test("that are not as required let nobody in, and say which", () => {
    const pullRequest = { ...GITHUB_CLAIMS, ref: "refs/pull/7/merge" };
    expect(map(GITHUB_ISSUER, pullRequest)).toEqual({
      refused: "the claim ref is not as required",
    });
    const foreign = { ...GITHUB_CLAIMS, repository_owner_id: undefined };
    expect(map(GITHUB_ISSUER, foreign)).toEqual({
      refused: "the claim repository_owner_id is not as required",
    });
  });
});

describe("a user name made of claims", () => {
  test.each([
    ["a template", "${repository_owner}"],
    ["a line break", "acme/app\nadmin"],
    ["a wildcard", "acme/**"],
    ["two spaces", "acme  app"],
    ["a way to another folder", "../app"],
    ["nothing", ""],
    ["more than 255 characters", "a".repeat(256)],
    ["the separator of the template", "acme:app"],
  ])("is refused when a claim holds %s", (_what, repository) => {
    const mapped = map(
      { ...GITHUB_ISSUER, uid: "github:${repository}:${ref}", require: "anybody" },
      { ...GITHUB_CLAIMS, repository },
    );
    expect(mapped).toHaveProperty("refused");
  });

  test("is refused when a claim is missing or a list", () => {
    const issuer = { ...GITHUB_ISSUER, uid: "sub" };
    expect(map(issuer, { ...GITHUB_CLAIMS, sub: undefined })).toHaveProperty("refused");
    expect(map(issuer, { ...GITHUB_CLAIMS, sub: ["a", "b"] })).toHaveProperty("refused");
  });
});

describe("what else claims are mapped to", () => {
  test("are scopes of a claim, as one text or as a list", () => {
    const issuer = { ...GITHUB_ISSUER, scopes: { claim: "scope" } };
    for (const scope of ["uid application.write", ["uid", "application.write"]])
      expect(map(issuer, { ...GITHUB_CLAIMS, scope })).toMatchObject({
        identity: { scopes: ["uid", "application.write"] },
      });
  });

  test("are no teams at all when none are configured, so that they can be looked up", () => {
    expect(map({ ...GITHUB_ISSUER, teams: undefined }, GITHUB_CLAIMS)).toMatchObject({
      teams: null,
    });
  });

  test("are claims for the policy: those that are named, and always whose token it is", () => {
    const mapped = map({ ...GITHUB_ISSUER, claims: ["ref", "absent"] }, GITHUB_CLAIMS);
    expect(mapped).toHaveProperty("identity.claims", {
      iss: GITHUB_CLAIMS.iss,
      ref: "refs/heads/main",
    });
  });

  test("are at most a hundred claims", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`c${i}`, "x"]));
    const mapped = map(GITHUB_ISSUER, { ...many, ...GITHUB_CLAIMS });
    expect(Object.keys((mapped as VerifiedLogin).identity.claims)).toHaveLength(100);
    const issuerFirst = map(GITHUB_ISSUER, { ...GITHUB_CLAIMS, ...many });
    expect(Object.keys((issuerFirst as VerifiedLogin).identity.claims)).toHaveLength(100);
  });
});

describe("groups of a token", () => {
  const issuer = {
    ...GITHUB_ISSUER,
    require: "anybody",
    uid: "sub",
    teams: [
      { claim: "groups", prefix: "registry-" },
      { claim: "groups", map: { admins: ["alpha", "beta"] } },
    ],
  };
  const claims = (more: object) => ({ iss: GITHUB_ISSUER.issuer, sub: "anna", ...more });

  test("that no rule makes a team of are told", () => {
    const groups = ["registry-gamma", "admins", "Everybody", "registry-", "Everybody"];
    expect(map(issuer, claims({ groups }))).toMatchObject({
      teams: ["gamma", "alpha", "beta"],
      unmappedGroups: ["Everybody", "registry-"],
    });
    expect(map(issuer, claims({ groups: ["admins"] }))).not.toHaveProperty("unmappedGroups");
  });

  test("may make more teams than two hundred", () => {
    const groups = Array.from({ length: 500 }, (_, index) => `registry-t${index}`);
    expect(map(issuer, claims({ groups }))).toHaveProperty("teams.length", 500);
  });

  test.each<[string, object]>([
    ["that is kept elsewhere", { _claim_names: { groups: "src1" } }],
    ["that the browser had no room for", { hasgroups: true }],
    ["that is too long", { groups: Array(501).fill("registry-a") }],
  ])(
    "are asked for in a claim %s: the login says so, rather than being without teams",
    (_what, more) => {
      const mapped = claimsMapper(schema.parse(issuer))(
        flattenClaims(claims(more)),
        withheldClaims(claims(more)),
      );
      expect(mapped).toMatchObject({ withheld: "groups", facts: { uid: "anna" } });
      const elsewhere = { ...issuer, teams: [{ claim: "sub" }, { template: "x-${sub}" }] };
      expect(
        claimsMapper(schema.parse(elsewhere))(
          flattenClaims(claims(more)),
          withheldClaims(claims(more)),
        ),
      ).not.toHaveProperty("withheld");
    },
  );
});

describe("a claim that teams come of", () => {
  const mapped = (teams: object, more: object) => {
    const claims = { iss: GITHUB_ISSUER.issuer, sub: "anna", ...more };
    const issuer = schema.parse({ ...GITHUB_ISSUER, uid: "sub", require: "anybody", teams });
    return claimsMapper(issuer)(flattenClaims(claims), withheldClaims(claims));
  };

  test("and that nobody withholds may be missing: that are no teams", () => {
    for (const one of [{ claim: "groups" }, { template: "x-${place}" }]) {
      const answer = mapped([one], { _claim_names: { roles: "src1" } });
      expect(answer).toMatchObject({ facts: { teams: [], unmappedGroups: [] } });
      expect(answer).not.toHaveProperty("withheld");
    }
  });

  test("counts where it is there, also beside word that it is kept elsewhere", () => {
    const more = { groups: ["a"], _claim_names: { groups: "src1" } };
    const answer = mapped([{ claim: "groups" }], more);
    expect(answer).toMatchObject({ facts: { teams: ["a"] } });
    expect(answer).not.toHaveProperty("withheld");
  });
});

test("of a template for teams, a claim that is withheld leaves the teams untold", () => {
  const claims = { iss: GITHUB_ISSUER.issuer, sub: "anna", _claim_names: { place: "src1" } };
  const teams = [{ template: "x-${place}" }];
  const issuer = schema.parse({ ...GITHUB_ISSUER, uid: "sub", require: "anybody", teams });
  const mapped = claimsMapper(issuer)(flattenClaims(claims), withheldClaims(claims));
  expect(mapped).toMatchObject({ withheld: "place" });
});

test("a claim that is required and withheld lets nobody in, and that is said", () => {
  const claims = { iss: GITHUB_ISSUER.issuer, sub: "anna", _claim_names: { groups: "src1" } };
  const issuer = schema.parse({ ...GITHUB_ISSUER, uid: "sub", require: { groups: "a" } });
  expect(claimsMapper(issuer)(flattenClaims(claims), withheldClaims(claims))).toEqual({
    refused: "the claim groups is not in the token, which has no room for it",
  });
});

describe("an issuer's section", () => {
  test.each([
    ["no audience", { audience: undefined }, "audience"],
    ["an empty list of audiences", { audience: [] }, "audience"],
    ["nothing required", { require: undefined }, "anybody"],
    ["an empty list of requirements", { require: {} }, "anybody"],
    ["a symmetric algorithm", { algorithms: ["HS256"] }, "algorithms"],
    ["no algorithm at all", { algorithms: ["none"] }, "algorithms"],
    ["http", { issuer: "http://issuer.example" }, "wanted https"],
    ["keys by http", { keysUrl: "http://issuer.example/keys" }, "wanted https"],
    ["another scheme", { issuer: "ftp://127.0.0.1/" }, "absolute URL"],
    [
      "another scheme, where http is allowed",
      { issuer: "ftp://a.example", allowHttp: true },
      "absolute URL",
    ],
    ["keys by another scheme", { keysUrl: "ftp://127.0.0.1/keys" }, "keysUrl"],
    ["a query", { issuer: "https://issuer.example/?a=b" }, "absolute URL"],
    ["a fragment", { issuer: "https://issuer.example/#a" }, "absolute URL"],
    ["a user", { issuer: "https://me@issuer.example/" }, "absolute URL"],
    ["an issuer that is no URL", { issuer: "acme" }, "absolute URL"],
    ["an open template", { uid: "x:${repository" }, "not closed"],
    ["a team by claim and template", { teams: [{ claim: "a", template: "b" }] }, "either claim"],
    [
      "a team by prefix and pattern",
      { teams: [{ claim: "a", prefix: "b", pattern: "(c)" }] },
      "one of",
    ],
    ["a pattern without parentheses", { teams: [{ claim: "a", pattern: "b" }] }, "one ( )"],
    ["a misspelt key", { audiences: ["x"] }, "audiences"],
  ])("with %s is refused", (_what, change, message) => {
    const checked = schema.safeParse({ ...GITHUB_ISSUER, ...change });
    expect(z.prettifyError(checked.error ?? new z.ZodError([]))).toContain(message);
  });

  test.each([
    ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
  ])("may be signed by %s", (algorithm) => {
    const checked = schema.safeParse({ ...GITHUB_ISSUER, algorithms: [algorithm] });
    expect(checked.success).toBe(true);
  });

  test("may be http on the loopback, or where that is said to be allowed", () => {
    for (const change of [
      { issuer: "http://127.0.0.1:8080" },
      { issuer: "http://localhost:8080" },
      { issuer: "http://[::1]:8080" },
      { issuer: "http://issuer.example", allowHttp: true },
    ])
      expect(schema.safeParse({ ...GITHUB_ISSUER, ...change }).success).toBe(true);
  });
});

const schema = issuerSchema(z.string());

/** Who logs in by these claims, or the reason why nobody does. */
function map(issuer: object, claims: object): Partial<VerifiedLogin> | { refused: string } {
  const mapped = claimsMapper(schema.parse(issuer))(flattenClaims({ ...claims }));
  if ("refused" in mapped) return mapped;
  try {
    return makeLogin("oidc", mapped.facts);
  } catch (error) {
    return { refused: error instanceof Fault ? error.message : "not a fault" };
  }
}
