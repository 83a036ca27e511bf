import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { startGateway, type TestGateway, type TestGatewayOptions } from "#tests/support/gateway.js";
import { answersIn, ask, rawExchange } from "#tests/support/http-client.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const FORWARDED = {
  Host: "inside.example:8080",
  "X-Forwarded-Host": "registry.example",
  "X-Forwarded-Proto": "https",
};

let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway | null = null;

beforeAll(async () => {
  authority = await startTokenAuthority();
  upstream = await startUpstream();
});
afterEach(async () => {
  await gateway?.stop();
  gateway = null;
});
afterAll(async () => {
  await upstream.stop();
  await authority.server.stop();
});

describe("the challenge sends clients for their token", () => {
  test("to the host and port that they used", async () => {
    const { url, port } = await gatewayWith({});
    expect(await realmAt(url, { Host: `my-registry:${port}` })).toBe(
      `http://my-registry:${port}/token`,
    );
    expect(await realmAt(url, { Host: "[::1]:5000" })).toBe("http://[::1]:5000/token");
  });

  test("to the configured origin, whatever they used", async () => {
    const { url } = await gatewayWith({ publicUrl: "https://registry.example" });
    expect(await realmAt(url, FORWARDED)).toBe("https://registry.example/token");
  });

  test("to the origin that a trusted proxy names", async () => {
    const { url } = await gatewayWith({ trustedProxies: ["127.0.0.1"] });
    expect(await realmAt(url, FORWARDED)).toBe("https://registry.example/token");
  });

  test("not to an origin that an untrusted peer names", async () => {
    const { url } = await gatewayWith({ trustedProxies: ["192.0.2.1"] });
    expect(await realmAt(url, FORWARDED)).toBe("http://inside.example:8080/token");
  });

  test("not to an origin that anybody names, when no proxy is trusted", async () => {
    const { url } = await gatewayWith({});
    expect(await realmAt(url, FORWARDED)).toBe("http://inside.example:8080/token");
  });

  test.each(['evil"', "a b", "a,b", "user@host", "a/b"])(
    "nowhere, when the host they name could not be one: %s",
    async (host) => {
      const { url } = await gatewayWith({});
      const answer = await ask(url, "/v2/", { headers: { Host: host } });
      expect(answer.status).toBe(400);
      expect(answer.headers).not.toHaveProperty("www-authenticate");
    },
  );

  test("nowhere, when they name no host", async () => {
    const { port } = await gatewayWith({});
    const text = await rawExchange(port, "GET /v2/ HTTP/1.0\r\n\r\n");
    expect(answersIn(text)[0]?.status).toBe(400);
  });
});

async function gatewayWith(options: Partial<TestGatewayOptions>): Promise<TestGateway> {
  gateway = await startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
    ...options,
  });
  return gateway;
}

async function realmAt(url: string, headers: Record<string, string>): Promise<string | undefined> {
  const answer = await ask(url, "/v2/", { headers });
  expect(answer.status).toBe(401);
  return /^Bearer realm="([^"]*)",service="wharfinger"$/.exec(
    answer.headers["www-authenticate"] ?? "",
  )?.[1];
}
