import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { readLogins } from "#token-server/logins/config.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";
import { jsonService, type JsonService } from "../integration/logins/support/json-service.js";
import { testIssuer, type TestIssuer } from "../integration/logins/support/oidc-issuer.js";

interface Listed {
  readonly id: string;
  readonly clientId: string;
  readonly usedBy?: readonly string[];
  readonly lastUsedAddress: string | null;
  readonly lastUsedProgram: string | null;
}

const MOST = { perClient: 5, perIdentity: 8 };

let service: JsonService;
let issuer: TestIssuer;
let server: TestTokenServer;
/** What the token service says of each token; of others that it is the token's own person. */
const said = new Map<string, object>();

beforeAll(async () => {
  service = await jsonService(({ query }) => {
    const token = query.get("access_token") ?? "";
    const info = { uid: token, realm: "/employees", expires_in: 7_200, ...said.get(token) };
    return { status: 200, body: info };
  });
  issuer = await testIssuer();
  const oidc = issuerSchema(z.string()).parse({
    ...{ issuer: issuer.url, audience: "wharfinger", require: "anybody", uid: "sub" },
    realm: "/employees",
  });
  server = await startTestTokenServer({
    refreshTokensMost: MOST,
    identity: {
      tokeninfoUrl: service.url,
      teamServiceUrl: null,
      logins: {
        ...readLogins(null),
        tokeninfo: { cacheSeconds: 0 },
        oidc: [oidc],
        sharedRealms: ["/employees"],
      },
    },
  });
});
afterAll(async () => {
  await server.stop();
  await issuer.stop();
  await service.stop();
});

describe("refresh tokens in any number", () => {
  test("are bounded for a client and for an identity, and the oldest end", async () => {
    const made: string[] = [];
    for (let login = 0; login < 7; login += 1) made.push(await logIn("anna", "docker"));
    for (let login = 0; login < 5; login += 1) made.push(await logIn("anna", `tool-${login}`));
    expect(await list("anna")).toHaveLength(MOST.perIdentity);
    const statuses = await Promise.all(
      made.map((token, at) => refresh(token, at < 7 ? "docker" : `tool-${at - 7}`)),
    );
    // Seven of docker: five were left, and three of those beside five of other clients.
    expect(statuses).toEqual([401, 401, 401, 401, 200, 200, 200, 200, 200, 200, 200, 200]);
  });

  test("made at once stay within the bounds all the same", async () => {
    await Promise.all(Array.from({ length: 30 }, () => logIn("berta", "docker")));
    expect(await list("berta")).toHaveLength(MOST.perClient);
  });

  test("of one identity end none of another's", async () => {
    const kept = await logIn("clara", "docker");
    for (let login = 0; login < 8; login += 1) await logIn("clara2", "docker");
    expect(await refresh(kept, "docker")).toBe(200);
  });

  test("hide none: the list goes on page by page", async () => {
    const clients = Array.from({ length: 7 }, (_, at) => `page-${at}`);
    for (const client of clients) await logIn("doris", client);
    const seen: Listed[] = [];
    let after = "";
    do {
      const page = await server.http
        .get(`/api/v1/refresh-tokens?limit=2${after}`)
        .auth("oauth2", "doris");
      const { refreshTokens, next } = page.body as { refreshTokens: Listed[]; next: string | null };
      expect(refreshTokens.length).toBeLessThanOrEqual(2);
      seen.push(...refreshTokens);
      after = next === null ? "" : `&after=${encodeURIComponent(next)}`;
    } while (after !== "");
    expect(seen.map(({ clientId }) => clientId)).toEqual([...clients].reverse());
  });

  test.each(["1", "x.y", "1.2", "'; drop table", "9".repeat(30), `1.${"-".repeat(36)}`])(
    "are listed from no made-up place: %s is refused",
    async (cursor) => {
      const answer = await server.http
        .get("/api/v1/refresh-tokens")
        .query({ after: cursor })
        .auth("oauth2", "doris");
      expect(answer.status).toBe(400);
    },
  );

  test("end all at once, and those of others stay", async () => {
    const own = [await logIn("emma", "docker"), await logIn("emma", "tool")];
    const other = await logIn("emma2", "docker");
    const answer = await server.http.delete("/api/v1/refresh-tokens").auth("oauth2", "emma");
    expect(answer.body).toEqual({ ended: 2 });
    expect(await refresh(own[0] ?? "", "docker")).toBe(401);
    expect(await refresh(own[1] ?? "", "tool")).toBe(401);
    expect(await refresh(other, "docker")).toBe(200);
  });

  test("are not made of a login that is too long to be kept", async () => {
    const long = `fay-${"x".repeat(9 * 1024)}`;
    said.set(long, { uid: "fay" });
    const answer = await token(long, "docker");
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty("refresh_token");
  });
});

describe("the use of a refresh token", () => {
  test("is shown to its owner with address and program", async () => {
    const made = await logIn("gerda", "docker");
    expect(await list("gerda")).toMatchObject([{ lastUsedAddress: null, lastUsedProgram: null }]);
    const form = {
      grant_type: "refresh_token",
      refresh_token: made,
      client_id: "containers/image",
    };
    await server.http
      .post("/token")
      .set({ "X-Forwarded-For": "198.51.100.7", "User-Agent": "thief/1.0\u00e9" })
      .type("form")
      .send(form);
    expect(await list("gerda")).toMatchObject(
      [{ lastUsedAddress: "198.51.100.7", lastUsedProgram: /^containers\/image, thief\/1\.0/ }].map(
        (row) => ({ ...row, lastUsedProgram: expect.stringMatching(row.lastUsedProgram) }),
      ),
    );
  });

  test("is shown with the client's name, of the last ten clients, the last one first", async () => {
    const made = await logIn("hanna", "docker");
    expect(await list("hanna")).toMatchObject([{ clientId: "docker", usedBy: [] }]);
    for (const client of ["registry-client", "", "registry-client"])
      expect(await refresh(made, client)).toBe(200);
    expect(await list("hanna")).toMatchObject([{ usedBy: ["registry-client", ""] }]);
    for (let at = 0; at < 12; at += 1) await refresh(made, `tool-${at}`);
    const [{ usedBy = [] } = {}] = await list("hanna");
    expect(usedBy).toHaveLength(10);
    expect(usedBy[0]).toBe("tool-11");
  });
});

describe("a refresh token ends for good", () => {
  test.each<[string, object]>([
    ["its login is somebody else's now", { uid: "mallory" }],
    ["its login is of another realm now", { realm: "/services" }],
  ])("when %s", async (_what, change) => {
    const name = `ida-${Object.keys(change).join("")}`;
    const made = await logIn(name, "docker");
    said.set(name, change);
    expect(await refresh(made, "docker")).toBe(401);
    said.delete(name);
    expect(await refresh(made, "docker")).toBe(401);
  });

  test("when its login is verified in another way now", async () => {
    const made = await logIn("jana", "docker");
    await server.db.query(`update token_server.refresh_token set kind = 'ldap' where uid = 'jana'`);
    expect(await refresh(made, "docker")).toBe(401);
    await server.db.query(
      `update token_server.refresh_token set kind = 'oauth2' where uid = 'jana'`,
    );
    expect(await refresh(made, "docker")).toBe(401);
  });

  test("when it is for another service", async () => {
    const made = await logIn("karla", "docker");
    const rename = (from: string, to: string) =>
      server.db.query(
        `update token_server.refresh_token set service = $2 where uid = 'karla' and service = $1`,
        [from, to],
      );
    await rename("wharfinger", "another");
    expect(await refresh(made, "docker")).toBe(401);
    await rename("another", "wharfinger");
    expect(await refresh(made, "docker")).toBe(401);
  });

  test("when its login has come to end earlier than it did", async () => {
    const made = await logIn("lena", "docker");
    said.set("lena", { expires_in: 100 });
    expect(await refresh(made, "docker")).toBe(200);
    said.delete("lena");
    // Its end is by the database's clock, which goes on by 150 seconds for it.
    await server.db.query(
      `update token_server.refresh_token set expires_at = expires_at - interval '150 seconds' where uid = 'lena'`,
    );
    expect(await refresh(made, "docker")).toBe(401);
  });

  test("when its own time is over, whatever its login says", async () => {
    const made = await logIn("mia", "docker");
    await server.db.query(
      `update token_server.refresh_token set expires_at = now() - interval '1 second' where uid = 'mia'`,
    );
    expect(await refresh(made, "docker")).toBe(401);
  });

  test("when the setting of its lifetime has become shorter", async () => {
    const made = await logIn("nora", "docker");
    await server.db.query(
      `update token_server.refresh_token
       set created_at = now() - interval '2 days', expires_at = now() + interval '28 days'
       where uid = 'nora'`,
    );
    expect(await refresh(made, "docker")).toBe(401);
  });

  test("when it is revoked while its login is verified", async () => {
    const made = await logIn("olga", "docker");
    const answer = service.answer;
    service.answer = async (request) => {
      await server.db.query(
        `update token_server.refresh_token set revoked_at = now() where uid = 'olga'`,
      );
      return answer(request);
    };
    try {
      expect(await refresh(made, "docker")).toBe(401);
    } finally {
      service.answer = answer;
    }
  });
});

describe("refresh tokens of one name and realm, by two kinds of login", () => {
  test("belong to whoever logged in in that way", async () => {
    const idToken = await issuer.token({ sub: "paula", aud: "wharfinger" });
    const ofIssuer = await server.http
      .get("/token")
      .query({ offline_token: "true", client_id: "docker" })
      .auth("oidc", idToken);
    const { refresh_token: foreign } = ofIssuer.body as { refresh_token: string };
    const own = await logIn("paula", "docker");
    const [listed] = await list("paula");
    expect(await list("paula")).toHaveLength(1);
    const path = `/api/v1/refresh-tokens/${listed?.id ?? ""}`;
    expect((await server.http.delete(path).auth("oidc", idToken)).status).toBe(404);
    const all = await server.http.delete("/api/v1/refresh-tokens").auth("oauth2", "paula");
    expect(all.body).toEqual({ ended: 1 });
    expect(await refresh(own, "docker")).toBe(401);
    expect(await refresh(foreign, "docker")).toBe(200);
  });

  test("made before kinds were kept are nobody's until they are used", async () => {
    const made = await logIn("rosa", "docker");
    await server.db.query(`update token_server.refresh_token set kind = null where uid = 'rosa'`);
    expect(await list("rosa")).toEqual([]);
    expect(await refresh(made, "docker")).toBe(200);
    expect(await list("rosa")).toHaveLength(1);
  });
});

function token(name: string, clientId: string) {
  return server.http
    .get("/token")
    .query({ offline_token: "true", client_id: clientId })
    .auth("oauth2", name);
}

async function logIn(name: string, clientId: string): Promise<string> {
  const answer = await token(name, clientId);
  expect(answer.status).toBe(200);
  return (answer.body as { refresh_token: string }).refresh_token;
}

async function refresh(refreshToken: string, clientId: string): Promise<number> {
  const form = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: clientId };
  return (await server.http.post("/token").type("form").send(form)).status;
}

async function list(name: string): Promise<Listed[]> {
  const answer = await server.http.get("/api/v1/refresh-tokens").auth("oauth2", name);
  return (answer.body as { refreshTokens: Listed[] }).refreshTokens;
}
