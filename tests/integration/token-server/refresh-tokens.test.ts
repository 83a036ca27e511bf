import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeJwt } from "jose";
import { jsonService, type JsonService } from "../logins/support/json-service.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
afterAll(() => server.stop());

const SCOPE = "repository:alpha/app:pull,push";

/** Logs in as `docker login` does and gives the refresh token. */
async function login(user = "oauth2:alice-token", clientId = "docker"): Promise<string> {
  const [name = "", ...rest] = user.split(":");
  const answer = await server.http
    .get("/token")
    .query({ service: "wharfinger", offline_token: "true", client_id: clientId })
    .auth(name, rest.join(":"));
  expect(answer.status).toBe(200);
  const body = answer.body as { refresh_token?: string };
  return body.refresh_token ?? "";
}

function refresh(token: string, clientId = "docker", scope = SCOPE) {
  return server.http.post("/token").type("form").send({
    grant_type: "refresh_token",
    refresh_token: token,
    service: "wharfinger",
    client_id: clientId,
    scope,
  });
}

describe("refresh tokens", () => {
  test("a login that asks for one gets one, and it gives tokens with the identity's own rights", async () => {
    const answer = await refresh(await login());
    expect(answer.status).toBe(200);
    const body = answer.body as { access_token: string; scope: string; expires_in: number };
    expect(body.scope).toBe(SCOPE);
    expect(body.expires_in).toBe(900);
    expect(decodeJwt(body.access_token)).toMatchObject({ sub: "alice", aud: "wharfinger" });
  });

  test("those of a trusted login give trusted tokens, and others do not", async () => {
    const trustOf = async (user: string) => {
      const answer = await refresh(await login(user));
      const body = answer.body as { access_token: string };
      return decodeJwt(body.access_token)["trusted"];
    };
    expect(await trustOf("oauth2:ci-trusted-token")).toBe(true);
    expect(await trustOf("oauth2:alice-token")).toBeUndefined();
  });

  test("the same one is given back, for docker keeps the first it got", async () => {
    const token = await login();
    expect((await refresh(token)).body).toMatchObject({ refresh_token: token });
    expect((await refresh(token)).status).toBe(200);
  });

  test("a login that does not ask for one gets none", async () => {
    const answer = await server.http.get("/token").auth("oauth2", "alice-token");
    expect(answer.body).not.toHaveProperty("refresh_token");
  });

  test("one that nobody issued is refused with 401 and a registry's error body", async () => {
    const answer = await refresh("x".repeat(43));
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ errors: [{ code: "UNAUTHORIZED" }] });
  });

  test("it stops working when the identity's token is revoked, and stays so", async () => {
    const dora = {
      token: "dora-token",
      uid: "dora",
      realm: "/employees",
      scopes: ["uid"],
      teams: [],
    };
    server.company.identities.push(dora);
    const token = await login("oauth2:dora-token");
    server.company.identities.splice(server.company.identities.indexOf(dora), 1);
    expect((await refresh(token)).status).toBe(401);
    server.company.identities.push(dora);
    // By then nobody remembers that the identity was refused.
    server.advance(1800);
    const { status } = await refresh(token);
    const another = await server.http.get("/token").auth("oauth2", "dora-token");
    server.advance(-1800);
    expect([status, another.status]).toEqual([401, 200]);
  });

  test("it ends no later than the login behind it", async () => {
    const token = await login();
    const { rows } = await server.db.query<{ seconds: number }>(
      `select extract(epoch from max(expires_at) - now())::float8 as seconds
       from token_server.refresh_token`,
    );
    expect(token).not.toBe("");
    expect(rows[0]?.seconds).toBeLessThanOrEqual(3600);
  });

  test("a token server whose clock is ahead does not end it: the database's counts", async () => {
    const token = await login();
    server.advance(2 * 3600);
    const { status } = await refresh(token);
    server.advance(-2 * 3600);
    expect(status).toBe(200);
  });

  test("its owner sees it and can revoke it; others can do neither", async () => {
    const token = await login("oauth2:bob-token");
    const list = await server.http.get("/api/v1/refresh-tokens").auth("oauth2", "bob-token");
    const { refreshTokens } = list.body as { refreshTokens: { id: string }[] };
    expect(refreshTokens).toHaveLength(1);
    const path = `/api/v1/refresh-tokens/${refreshTokens[0]?.id ?? ""}`;
    expect((await server.http.delete(path).set("Authorization", "Bearer alice-token")).status).toBe(
      404,
    );
    expect((await refresh(token)).status).toBe(200);
    expect((await server.http.delete(path).set("Authorization", "Bearer bob-token")).status).toBe(
      204,
    );
    expect((await refresh(token)).status).toBe(401);
  });

  test("neither the token nor the login behind it stands in the database", async () => {
    const token = await login();
    const { rows } = await server.db.query<{ tokenHash: Buffer; sealedLogin: Buffer }>(
      `select token_hash as "tokenHash", sealed_login as "sealedLogin" from token_server.refresh_token`,
    );
    const everything = rows
      .map((row) => row.tokenHash.toString("latin1") + row.sealedLogin.toString("latin1"))
      .join();
    expect(rows.length).toBeGreaterThan(0);
    expect(everything).not.toContain(token);
    expect(everything).not.toContain("alice-token");
  });
});

describe("where anybody may read", () => {
  let machines: JsonService;
  let open: TestTokenServer;
  beforeAll(async () => {
    machines = await jsonService(() => ({ status: 200, body: {} }));
    const identity = { iidinfoUrl: machines.url };
    open = await startTestTokenServer({ allowPublicRead: true, identity });
  });
  afterAll(async () => {
    await open.stop();
    await machines.stop();
  });
  const query = { offline_token: "true", client_id: "docker" };

  test("nobody in particular and machines get tokens, and no refresh tokens", async () => {
    const nobody = await open.http.get("/token").query(query);
    const machine = await open.http
      .get("/token")
      .query(query)
      .auth("instance-identity-document", "local-machine-document");
    for (const { status, body } of [nobody, machine]) {
      expect(status).toBe(200);
      expect(body).not.toHaveProperty("refresh_token");
    }
  });

  test("the REST API still wants to know who asks", async () => {
    expect((await open.http.get("/api/v1/refresh-tokens")).status).toBe(401);
    expect((await open.http.delete("/api/v1/refresh-tokens")).status).toBe(401);
    expect((await open.http.get("/api/v1/teams/alpha/robots")).status).toBe(401);
  });

  test("what is no repository's name is refused when somebody asks what they may", async () => {
    const asked = { action: "pull", repository: "Not/A-Name" };
    expect((await open.http.get("/api/v1/explain").query(asked)).status).toBe(400);
  });
});
