import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startGatewayBetween, type GatewayBetween } from "#tests/support/gateway-between.js";
import { ask } from "#tests/support/http-client.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const ROBOT = "/api/v1/teams/alpha/robots/page";
const grants = [{ repositories: "alpha/**", actions: ["pull"] }];
const EVIL = { Origin: "https://evil.example" };

let server: TestTokenServer;
let between: GatewayBetween;
beforeAll(async () => {
  [server, between] = await Promise.all([startTestTokenServer(), startGatewayBetween()]);
  const made = await post("/api/v1/teams/alpha/robots").send({ name: "page", grants });
  expect(made.status).toBe(201);
});
afterAll(async () => {
  await Promise.all([server.stop(), between.stop()]);
});

const post = (path: string) => server.http.post(path).set("Authorization", "Bearer alice-token");

describe("a page of another site", () => {
  const verbs = ["disable", "enable", "rotate"];

  test.each(verbs)("cannot have a browser %s a robot", async (verb) => {
    const json = () => post(`${ROBOT}/${verb}`).set("Content-Type", "application/json");
    for (const site of ["cross-site", "same-site", "anything"])
      expect((await json().set("Sec-Fetch-Site", site).send("{}")).status).toBe(403);
    for (const site of ["same-origin", "none"])
      expect((await json().set("Sec-Fetch-Site", site).send("{}")).status).toBe(200);
  });

  test.each(verbs)("cannot %s with what a form can send, or with nothing", async (verb) => {
    const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
    for (const type of [...types, "application/json;a=b", "application/jsonp"])
      expect((await post(`${ROBOT}/${verb}`).set("Content-Type", type).send("{}")).status).toBe(
        415,
      );
    expect((await post(`${ROBOT}/${verb}`)).status).toBe(415);
  });

  test("may ask what a robot is: reading changes nothing", async () => {
    const answer = await server.http
      .get("/api/v1/teams/alpha/robots")
      .set("Authorization", "Bearer alice-token")
      .set({ ...EVIL, "Sec-Fetch-Site": "cross-site" });
    expect(answer.status).toBe(200);
  });

  test.each([
    ["POST", "/api/v1/teams/alpha/robots"],
    ["PUT", "/api/v1/repositories/alpha/app/tags/1.0/lock"],
    ["POST", "/token"],
    ["POST", "/v2/alpha/app/blobs/uploads/"],
    ["PUT", "/v2/alpha/app/manifests/1.0"],
    ["DELETE", "/v2/alpha/app/manifests/1.0"],
  ])("is refused by the gateway: %s %s, whatever the credential", async (method, path) => {
    const { gateway, bearer } = between;
    const headers = { Authorization: bearer, "Content-Type": "application/json" };
    for (const site of [EVIL, { Origin: "null" }, { "Sec-Fetch-Site": "cross-site" }]) {
      const answer = await ask(gateway.url, path, { method, headers: { ...headers, ...site } });
      expect([answer.status, answer.body.toString()]).toEqual([
        403,
        expect.stringContaining("pages of other sites"),
      ]);
    }
  });

  test("is not the registry's own, which goes on", async () => {
    const { gateway, bearer } = between;
    const answer = await ask(gateway.url, "/v2/alpha/app/blobs/uploads/", {
      method: "POST",
      headers: { Authorization: bearer, Origin: gateway.url, "Sec-Fetch-Site": "same-origin" },
    });
    expect(answer.status).toBeLessThan(400);
  });
});

describe("a browser", () => {
  test.each([
    { "Sec-Fetch-Mode": "navigate" },
    { Accept: "text/html,application/xhtml+xml" },
    { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)" },
    { Origin: "https://registry.example" },
  ])("is shown no challenge after which it would keep the credential: %j", async (headers) => {
    const answer = await server.http.get("/token").set(headers);
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).not.toMatch(/^Basic/i);
  });

  test("is not what docker is, which is told how to log in", async () => {
    const answer = await server.http.get("/token").set("User-Agent", "docker/28.2 go/go1.24");
    expect(answer.headers["www-authenticate"]).toMatch(/^Basic realm/);
  });
});
