import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readLogins } from "#token-server/logins/config.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { makeLogin, type NamedKind } from "#token-server/identity/make-login.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";
import { z } from "zod";
import { jsonService, type JsonService } from "../integration/logins/support/json-service.js";
import { testIssuer, type TestIssuer } from "../integration/logins/support/oidc-issuer.js";

/** What no service, issuer or directory can make anybody. */
const NEVER: readonly [string, string][] = [
  ["a robot", "robot-alpha-ci"],
  ["a robot in capitals", "Robot-Alpha-CI"],
  ["a robot in wide letters", "\uff52\uff4f\uff42\uff4f\uff54-alpha-ci"],
  ["a user name that says how to log in", "oauth2"],
  ["the same in capitals", "OIDC"],
  ["a machine's user name", "instance-identity-document"],
  ["nobody in particular", "anonymous"],
  ["two lines", "a\nb"],
  ["a line with a return", "a\rb"],
  ["a NUL", "a\u0000b"],
  ["an escape sequence", "a\u001b[31mb"],
  ["text that runs the other way", "alice\u202egro"],
  ["a zero-width space", "ali\u200bce"],
  ["half a surrogate pair", "a\ud800"],
  ["letters that are not composed", "jose\u0301"],
  ["a way to another folder", "../x"],
  ["a way through a folder", "a/../b"],
  ["a dot", "."],
  ["a path", "/employees/alice"],
  ["a wildcard", "al*"],
  ["a template", "${uid}"],
  ["a quote", 'al"ice'],
  ["a page", "<b>alice</b>"],
  ["a space before it", " alice"],
  ["a space after it", "alice "],
  ["white space of another kind", "a\u00a0b"],
  ["256 characters", "a".repeat(256)],
  ["more than 255 bytes", "\u00e4".repeat(200)],
];

/** Names that people, pipelines and services have. */
const NAMES = [
  "alice",
  "carol@example.org",
  "robot-ci",
  "repo:acme/app:ref:refs/heads/main",
  "system:serviceaccount:alpha:deployer",
  "https://issuer.example/users/1",
  "auth0|5f7c8ec7c33c6c004bbafe82",
  "O'Brien, Conan (Ops)",
  "Jürgen Müller",
  "Ольга",
  "山田太郎",
  "_svc-backup",
];

const KINDS: readonly NamedKind[] = ["oauth2", "oidc", "htpasswd", "ldap"];

describe.each(KINDS)("a login of kind %s", (kind) => {
  test.each(NEVER)("is never %s", (_what, uid) => {
    expect(() => makeLogin(kind, { uid, realm: "/employees" })).toThrow(/the user name/);
  });

  test.each(NAMES)("may be %s", (uid) => {
    expect(makeLogin(kind, { uid, realm: "/employees" }).identity).toMatchObject({ uid, kind });
  });

  test.each([
    "/robots",
    "/machines",
    "/a/b",
    "/..",
    "employees",
    "/a b",
    "/a\nb",
    `/${"a".repeat(200)}`,
  ])("is never of the realm %j", (realm) => {
    expect(() => makeLogin(kind, { uid: "alice", realm })).toThrow(/the realm/);
  });
});

test("a robot is never called like somebody else, and never of another realm's kind", () => {
  expect(() => makeLogin("robot", { uid: "alice", realm: "/robots" })).toThrow(/user name/);
  expect(() => makeLogin("robot", { uid: "robot-a-b", realm: "/machines" })).toThrow(/realm/);
  expect(() => makeLogin("machine", { uid: "oauth2", realm: "/machines" })).toThrow(/user name/);
  expect(makeLogin("robot", { uid: "robot-a-b", realm: "/robots" }).identity.kind).toBe("robot");
});

describe("whatever the token service says", () => {
  let service: JsonService;
  let server: TestTokenServer;
  let said: object;
  let tokens = 0;

  beforeAll(async () => {
    service = await jsonService(() => ({ status: 200, body: said }));
    server = await startTestTokenServer({
      identity: {
        tokeninfoUrl: service.url,
        teamServiceUrl: null,
        logins: {
          ...readLogins(null),
          ldap: undefined,
          oidc: [issuer("https://issuer.example", "/pipelines")],
          // beta administers.
          teams: { beta: ["/employees/alice"], alpha: ["/robots/robot-alpha-ci"] },
        },
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await service.stop();
  });

  const logIn = (uid: string, realm = "/employees") => {
    said = { uid, realm, scope: [] };
    return server.http
      .get("/token")
      .query({ scope: "repository:alpha/app:push" })
      .auth("oauth2", `token-${(tokens += 1)}`);
  };

  test.each(NEVER)(
    "nobody becomes %s, and is told why in words of ours alone",
    async (_what, uid) => {
      const answer = await logIn(uid);
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ errors: [{ code: "UNAUTHORIZED" }] });
      expect(answer.text).toMatch(/the user name/);
    },
  );

  test.each(["/robots", "/machines", "/pipelines", "/a\nb"])(
    "nobody is of the realm %j, which is another source's or none",
    async (realm) => {
      expect((await logIn("alice", realm)).status).toBe(401);
    },
  );

  test("alice of another realm is not in the team of alice, and no administrator", async () => {
    const asAdministrator = async (realm: string) => {
      said = { uid: "alice", realm, scope: [] };
      const answer = await server.http
        .get("/api/v1/teams/gamma/robots")
        .set("Authorization", `Bearer token-${(tokens += 1)}`);
      return answer.status;
    };
    expect(await asAdministrator("/customers")).toBe(403);
    expect(await asAdministrator("")).toBe(403);
    expect(await asAdministrator("/employees")).toBe(200);
  });
});

describe("alice of issuer B", () => {
  let issuerA: TestIssuer;
  let issuerB: TestIssuer;
  let server: TestTokenServer;

  beforeAll(async () => {
    [issuerA, issuerB] = await Promise.all([testIssuer(), testIssuer()]);
    server = await startTestTokenServer({
      identity: {
        tokeninfoUrl: null,
        teamServiceUrl: null,
        logins: {
          ...readLogins(null),
          oidc: [issuer(issuerA.url, "/a"), issuer(issuerB.url, "/b")],
        },
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await issuerA.stop();
    await issuerB.stop();
  });

  test("neither sees nor ends what belongs to alice of issuer A", async () => {
    const [a, b] = await Promise.all(
      [issuerA, issuerB].map((from) => from.token({ sub: "alice", aud: "wharfinger" })),
    );
    const login = await server.http
      .get("/token")
      .query({ offline_token: "true", client_id: "docker" })
      .auth("oidc", a ?? "");
    expect(login.body).toHaveProperty("refresh_token");
    const list = async (token: string | undefined) => {
      const answer = await server.http.get("/api/v1/refresh-tokens").auth("oidc", token ?? "");
      return (answer.body as { refreshTokens: { id: string }[] }).refreshTokens;
    };
    const [made] = await list(a);
    expect(made).toBeDefined();
    expect(await list(b)).toEqual([]);
    const path = `/api/v1/refresh-tokens/${made?.id ?? ""}`;
    expect((await server.http.delete(path).auth("oidc", b ?? "")).status).toBe(404);
    const all = await server.http.delete("/api/v1/refresh-tokens").auth("oidc", b ?? "");
    expect(all.body).toEqual({ ended: 0 });
    expect(await list(a)).toHaveLength(1);
  });
});

function issuer(url: string, realm: string) {
  return issuerSchema(z.string()).parse({
    ...{ issuer: url, audience: "wharfinger", require: "anybody", uid: "sub", realm },
  });
}
