import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { addKey } from "#service-kit/signing/key-folder.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
let listener: Server;
let url: string;
beforeAll(async () => {
  server = await startTestTokenServer();
  listener = createServer(server.app).listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
afterAll(async () => {
  listener.close();
  await server.stop();
});

const get = (query: string, token = "alice-token") =>
  server.http.get(`/token?service=wharfinger&${query}`).auth("oauth2", token);
const post = (form: Record<string, string>) => server.http.post("/token").type("form").send(form);
const password = {
  grant_type: "password",
  username: "oauth2",
  password: "alice-token",
  service: "wharfinger",
};
interface Answer {
  token: string;
  access_token: string;
  expires_in: number;
  issued_at: string;
  scope: string;
}

describe("the token endpoint", () => {
  test("GET and POST give the same token fields, and what is granted", async () => {
    for (const answer of [
      await get("scope=repository:alpha/app:push,pull"),
      await post({ ...password, scope: "repository:alpha/app:push,pull" }),
    ]) {
      expect(answer.status).toBe(200);
      const body = answer.body as Answer;
      expect(body.token).toBe(body.access_token);
      expect(body.expires_in).toBeGreaterThanOrEqual(60);
      expect(Date.parse(body.issued_at)).not.toBeNaN();
      expect(body.scope).toBe("repository:alpha/app:push,pull");
      expect(answer.headers["cache-control"]).toBe("no-store");
    }
  });

  test("is the only one of its kind: a path that is no endpoint's is answered, by 404", async () => {
    const signal = AbortSignal.timeout(3_000);
    const answer = await fetch(`${url}/tokens`, { signal });
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { errors: [{ message: "no such endpoint" }] },
    ]);
  });

  test("a token is signed by a published key, which nothing certifies", async () => {
    const { token } = (await get("")).body as Answer;
    const jwks = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, jwks, {
      ...{ issuer: "wharfinger", audience: "wharfinger" },
      // The token server's clock, which other tests have gone on.
      currentDate: new Date((decodeJwt(token).iat ?? 0) * 1000),
    });
    expect(payload.nbf).toBe((payload.iat ?? 0) - 60);
    expect(payload.exp).toBe((payload.iat ?? 0) + 900);
    expect(Object.keys(decodeProtectedHeader(token)).sort()).toEqual(["alg", "kid", "typ"]);
    const published = JSON.stringify(await (await fetch(`${url}/.well-known/jwks.json`)).json());
    expect(published).not.toContain("x5c");
  });

  test("N scopes give N decisions: granted ones are in, refused ones say why", async () => {
    const scopes = ["alpha/a:pull,push", "beta/b:pull,push", "beta/c:delete"];
    const answer = await get(scopes.map((scope) => `scope=repository:${scope}`).join("&"));
    const { payload } = await verifyAnswer(answer.body);
    expect(payload["access"]).toEqual([
      { type: "repository", name: "alpha/a", actions: ["pull", "push"] },
      { type: "repository", name: "beta/b", actions: ["pull"] },
    ]);
    expect(payload["refused"]).toEqual([
      { type: "repository", name: "beta/b", action: "push", reason: "alice is not in team beta" },
      {
        ...{ type: "repository", name: "beta/c", action: "delete" },
        ...{ reason: "images are never deleted", rule: "no-delete" },
      },
    ]);
  });

  test.each([
    ["ci-trusted-token", true],
    ["ci-all-token", undefined],
    ["alice-token", undefined],
  ])("says of %s whether it may tell the source of images: %s", async (token, trusted) => {
    const { payload } = await verifyAnswer((await get("", token)).body);
    expect(payload["trusted"]).toBe(trusted);
  });

  test("a scope that names host and port is granted by its path and given back as it was asked for", async () => {
    const scope = "repository:registry.example:5000/alpha/app:pull,push";
    expect((await get(`scope=${scope}`)).body).toMatchObject({ scope });
    const foreign = await get("scope=repository:registry.example:5000/beta/app:push");
    expect(foreign.body).toMatchObject({ scope: "" });
  });

  test("HEAD, unknown parameters and no scope at all do no harm", async () => {
    expect((await server.http.head("/token?x=1&x=2").auth("oauth2", "alice-token")).status).toBe(
      200,
    );
    expect((await get("shoe=size&scope=")).status).toBe(200);
  });

  test.each([
    ["a wrong token", "oauth2", "wrong"],
    ["an unknown kind of user", "root", "toor"],
    ["an unknown robot", "robot-alpha-nobody", "x"],
  ])(
    "%s is answered 401 in JSON, never 403 or HTML, with a way to log in",
    async (_what, user, secret) => {
      const answer = await server.http.get("/token").auth(user, secret);
      expect(answer.status).toBe(401);
      expect(answer.headers["content-type"]).toMatch("application/json");
      expect(answer.headers["www-authenticate"]).toMatch(/^Basic /);
      expect(answer.body).toMatchObject({ errors: [{ code: "UNAUTHORIZED" }] });
      expect(answer.text).not.toContain(secret === "x" ? "\u0000" : secret);
    },
  );

  test("another service is refused, by GET and by POST", async () => {
    const byGet = await server.http.get("/token?service=other").auth("oauth2", "alice-token");
    expect(byGet.status).toBe(400);
    expect((await post({ ...password, service: "other" })).status).toBe(400);
  });

  test("a POST of another grant type, without one, or too large is refused with 4xx", async () => {
    expect((await post({ ...password, grant_type: "client_credentials" })).status).toBe(400);
    expect((await post({})).status).toBe(400);
    const large = await post({ ...password, scope: "x".repeat(100_000) });
    expect(large.status).toBeGreaterThanOrEqual(400);
    expect(large.status).toBeLessThan(500);
  });

  test("scopes cannot be smuggled in through a name", async () => {
    for (const name of [
      "alpha/a:push,pull repository:beta/b",
      "alpha/../beta/b",
      "alpha/a,beta/b",
      "*",
    ]) {
      const query = new URLSearchParams({ scope: `repository:${name}:push` }).toString();
      const { payload } = await verifyAnswer((await get(query)).body);
      const names = (payload["access"] as { name: string; actions: string[] }[])
        .filter(({ actions }) => actions.includes("push"))
        .map(({ name: granted }) => granted);
      expect(names.every((granted) => granted.startsWith("alpha/"))).toBe(true);
    }
  });

  test("a key that is added is published before it signs, and signs when its time has come", async () => {
    const before = decodeProtectedHeader(((await get("")).body as Answer).token).kid;
    const inTenMinutes = Math.floor(Date.now() / 1000) + 600;
    await addKey(server.keys.directory, "token-server", inTenMinutes);
    await server.keys.reload();
    const published = (await server.http.get("/.well-known/jwks.json")).body as {
      keys: { kid: string }[];
    };
    expect(published.keys).toHaveLength(2);
    expect(decodeProtectedHeader(((await get("")).body as Answer).token).kid).toBe(before);
    server.advance(601);
    const after = decodeProtectedHeader(((await get("")).body as Answer).token).kid;
    expect(after).not.toBe(before);
    expect(published.keys.map(({ kid }) => kid)).toContain(after);
    server.advance(901);
    const later = (await server.http.get("/.well-known/jwks.json")).body as {
      keys: { kid: string }[];
    };
    expect(later.keys.map(({ kid }) => kid)).toEqual([after]);
  });
});

async function verifyAnswer(body: unknown) {
  const jwks = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
  return jwtVerify((body as Answer).token, jwks, { clockTolerance: 5000 });
}
