import dns from "node:dns";
import { createServer, type RequestListener } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { listening, type TestServer } from "#tests/support/test-server.js";
import { startTokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

/** Nobody listens there. */
const GONE = "http://127.0.0.1:1";

let registry: UpstreamDouble;
const running: { stop(): Promise<unknown> }[] = [];

beforeAll(async () => {
  registry = await startUpstream();
});
afterAll(() => registry.stop());
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
});

async function tokenServer(handler: RequestListener): Promise<TestServer> {
  const server = await listening(createServer(handler));
  running.push(server);
  return server;
}

async function gatewayBefore(...urls: readonly string[]): Promise<TestGateway> {
  const tokenServerUrl = urls.join();
  const gateway = await startGateway({ registryUrl: registry.url, tokenServerUrl });
  running.unshift(gateway);
  return gateway;
}

const TOKEN = JSON.stringify({ token: "t" });
const json: RequestListener = (_req, res) => {
  res.setHeader("Content-Type", "application/json; charset=utf-8");
  res.end(TOKEN);
};

describe("two token servers", () => {
  test("answer for one another, whichever a request would have gone to", async () => {
    const server = await tokenServer(json);
    const gateway = await gatewayBefore(GONE, server.url);
    for (let i = 0; i < 4; i += 1)
      expect((await ask(gateway.url, "/token")).body.toString()).toBe(TOKEN);
    const posted = await ask(gateway.url, "/token", {
      method: "POST",
      body: "grant_type=refresh_token",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    });
    expect(posted.body.toString()).toBe(TOKEN);
  });

  test("are asked for their keys until one tells them", async () => {
    const authority = await startTokenAuthority();
    running.push(authority.server);
    const broken = await tokenServer((_req, res) => res.writeHead(502).end("<html>"));
    const gateway = await gatewayBefore(GONE, broken.url, authority.server.url);
    const headers = { Authorization: await authority.bearer(["pull"]) };
    const { status } = await ask(gateway.url, "/v2/", { headers });
    expect(status).toBe(200);
  });
});

describe("one name with the addresses of two token servers, of which one is gone", () => {
  const { lookup } = dns;
  /** As the resolver of an installation whose name has both; nobody listens at 127.0.0.2. */
  const addresses = ["127.0.0.2", "127.0.0.1"].map((address) => ({ address, family: 4 }));
  beforeAll(() => {
    const both = (
      name: string,
      options: dns.LookupOptions,
      heard: (...told: unknown[]) => void,
    ) => {
      if (name !== "token-servers.example") lookup(name, options, heard);
      else if (options.all === true) heard(null, addresses);
      else heard(null, addresses[0]?.address, 4);
    };
    Object.assign(dns, { lookup: both });
  });
  afterAll(() => {
    Object.assign(dns, { lookup });
  });

  test("is asked for tokens and keys at the other one", async () => {
    const authority = await startTokenAuthority();
    running.push(authority.server);
    const { port } = new URL(authority.server.url);
    const keys = await gatewayBefore(`http://token-servers.example:${port}`);
    const headers = { Authorization: await authority.bearer(["pull"]) };
    expect((await ask(keys.url, "/v2/", { headers })).status).toBe(200);
    const server = await tokenServer(json);
    const gateway = await gatewayBefore(`http://token-servers.example:${server.port}`);
    for (let i = 0; i < 4; i += 1)
      expect((await ask(gateway.url, "/token")).body.toString()).toBe(TOKEN);
  });
});

describe("what stands before the token server", () => {
  test.each([
    [502, "text/html"],
    [404, "text/html; charset=utf-8"],
    [200, "text/plain"],
    [301, undefined],
  ])("answers %i as %s: the client hears JSON, and may ask again", async (status, type) => {
    const server = await tokenServer((_req, res) => {
      if (type !== undefined) res.setHeader("Content-Type", type);
      res.writeHead(status, { Location: "http://elsewhere.invalid/" }).end("<html>page</html>");
    });
    const gateway = await gatewayBefore(server.url);
    const answer = await ask(gateway.url, "/token");
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(answer.headers).not.toHaveProperty("location");
    expect(errorOf(answer)).toMatchObject({ code: "UNAVAILABLE" });
    expect(answer.body.toString()).not.toContain("page");
  });

  test("says nothing where the token server answers itself, be it a failure or without a body", async () => {
    const server = await tokenServer((req, res) => {
      if (req.method === "POST") res.writeHead(204).end();
      else res.writeHead(503, { "Content-Type": "application/problem+json" }).end(TOKEN);
    });
    const gateway = await gatewayBefore(server.url);
    const failed = await ask(gateway.url, "/token");
    expect([failed.status, failed.body.toString()]).toEqual([503, TOKEN]);
    const path = "/api/v1/teams/alpha/robots/one/disable";
    expect(
      (
        await ask(gateway.url, path, {
          method: "POST",
          body: "{}",
          headers: { "Content-Type": "application/json" },
        })
      ).status,
    ).toBe(204);
  });
});
