import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";
import { jsonService, type JsonService } from "../integration/logins/support/json-service.js";

/** One more would end the oldest. */
const MOST = { perClient: 3, perIdentity: 3 };

let service: JsonService;
let server: TestTokenServer;

/** Tokens are `<uid>@<realm>`. */
beforeAll(async () => {
  service = await jsonService(({ query }) => {
    const [uid, realm] = (query.get("access_token") ?? "").split("@");
    return { status: 200, body: { uid, realm } };
  });
  server = await startTestTokenServer({
    refreshTokensMost: MOST,
    identity: { tokeninfoUrl: service.url, teamServiceUrl: null },
  });
});
afterAll(async () => {
  await server.stop();
  await service.stop();
});

async function logIn(token: string): Promise<string> {
  const answer = await server.http
    .get("/token")
    .query({ offline_token: "true", client_id: "docker" })
    .auth("oauth2", token);
  return (answer.body as { refresh_token: string }).refresh_token;
}

async function refresh(refreshToken: string): Promise<number> {
  const form = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: "docker" };
  return (await server.http.post("/token").type("form").send(form)).status;
}

describe("logging in again and again", () => {
  test("ends none of the refresh tokens of the same name in another realm", async () => {
    const kept = await logIn("anna@/employees");
    for (let login = 0; login < 4; login += 1) await logIn("anna@/customers");
    expect(await refresh(kept)).toBe(200);
  });

  test("ends none of the refresh tokens of the same name and realm by another kind of login", async () => {
    const kept = await logIn("berta@/employees");
    const setKind = (kind: string) =>
      server.db.query(`update token_server.refresh_token set kind = $1 where uid = 'berta'`, [
        kind,
      ]);
    await setKind("ldap");
    for (let login = 0; login < 4; login += 1) await logIn("berta@/employees");
    await setKind("oauth2");
    expect(await refresh(kept)).toBe(200);
  });
});

test("a refresh token that was revoked brings no login to its service any more", async () => {
  const ended = await logIn("clara@/employees");
  await server.http.delete("/api/v1/refresh-tokens").auth("oauth2", "clara@/employees");
  server.advance(120);
  const before = service.asked.length;
  expect(await refresh(ended)).toBe(401);
  expect(service.asked).toHaveLength(before);
});
