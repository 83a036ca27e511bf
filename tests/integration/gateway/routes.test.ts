import { describe, expect, test } from "@jest/globals";
import { useGatewayBetween } from "#tests/support/gateway-between.js";
import { NOTIFICATION_SECRET, startGateway, type TestGateway } from "#tests/support/gateway.js";
import { answersIn, ask, errorOf, rawExchange, type Answer } from "#tests/support/http-client.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import type { UpstreamDouble } from "#tests/support/upstream-double.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;

let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;

useGatewayBetween((started) => {
  ({ authority, upstream, gateway } = started);
});

describe("every answer below /v2/ says that this is a registry", () => {
  test.each([
    ["the version check", "GET", "/v2/", 200],
    ["the version check without slash", "GET", "/v2", 200],
    ["what the registry answered", "GET", `/v2/alpha/app/manifests/${DIGEST}`, 200],
    ["a name that is none", "GET", "/v2/Alpha/app/manifests/1.0", 400],
    ["an endpoint that there is not", "GET", "/v2/alpha/app/nothing", 404],
    ["a method that there is not", "POST", "/v2/alpha/app/manifests/1.0", 405],
    ["a repository that the token does not open", "GET", "/v2/beta/app/manifests/1.0", 401],
    ["the ledger that is away", "GET", "/v2/alpha/app/manifests/latest", 503],
    ["a deletion", "DELETE", "/v2/alpha/app/manifests/1.0", 405],
  ])("%s (%s %s: %i)", async (_what, method, target, status) => {
    const bearer = await authority.bearer(["pull", "push", "delete"]);
    const answer = await ask(gateway.url, target, { method, headers: { Authorization: bearer } });
    expect(answer.status).toBe(status);
    expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
    expect(answer.headers["x-request-id"]).toMatch(/^[\w.-]+$/);
    if (status >= 400) expect(errorOf(answer).code).toMatch(/^[A-Z_]+$/);
  });

  test("to a HEAD as well, without a body", async () => {
    const answer = await ask(gateway.url, "/v2/Alpha/app/manifests/1.0", { method: "HEAD" });
    expect(answer.status).toBe(400);
    expect(answer.body).toHaveLength(0);
    expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
  });

  test("a method that does not fit is answered with those that would", async () => {
    const answer = await ask(gateway.url, "/v2/", { method: "DELETE" });
    expect(answer.headers["allow"]).toBe("GET, HEAD");
  });
});

describe("bytes that are no request", () => {
  test.each([
    ["garbage", "\x00\x01\x02\x03\r\n\r\n", 405, "UNSUPPORTED"],
    ["a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 405, "UNSUPPORTED"],
    ["a method nobody knows", "SMUGGLE /v2/ HTTP/1.1\r\nHost: a\r\n\r\n", 405, "UNSUPPORTED"],
    ["a version nobody knows", "GET /v2/ HTTP/9.9\r\nHost: a\r\n\r\n", 400, "UNSUPPORTED"],
    ["a space in the path", "GET /v2/a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "UNSUPPORTED"],
    [
      "70 KiB of headers",
      `GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(70_000)}\r\n\r\n`,
      431,
      "UNSUPPORTED",
    ],
  ])("%s are answered as a registry would", async (_what, bytes, status, code) => {
    const answer = onlyAnswer(await rawExchange(gateway.port, Buffer.from(bytes, "latin1")));
    expect(answer.status).toBe(status);
    expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
    expect(errorOf(answer).code).toBe(code);
  });

  test("a request cut off in its head ends with its connection and harms nobody", async () => {
    await rawExchange(gateway.port, "GET /v2/ HTT", true);
    expect((await ask(gateway.url, "/.well-known/health")).status).toBe(200);
  });

  test("CONNECT opens no tunnel", async () => {
    const text = await rawExchange(
      gateway.port,
      `CONNECT 127.0.0.1:${upstream.port} HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
    );
    expect(text).not.toMatch(/^HTTP\/1\.1 2/);
    expect(upstream.seen).toEqual([]);
  });

  test("an upgrade is refused", async () => {
    const head = "GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade\r\nUpgrade: websocket";
    const answer = onlyAnswer(await rawExchange(gateway.port, `${head}\r\n\r\n`));
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain("upgrades to no other protocol");
  });

  test("the offer to go on in HTTP/2 is not taken up, and does no harm", async () => {
    const head = "GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c";
    const answer = onlyAnswer(await rawExchange(gateway.port, `${head}\r\n\r\n`));
    expect(answer.status).toBe(401);
  });
});

describe("the gateway's own endpoints", () => {
  test("say that the process is up", async () => {
    const answer = await ask(gateway.url, "/.well-known/health");
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({ health: true });
  });

  test("say what is missing for a push to work", async () => {
    const answer = await ask(gateway.url, "/ready");
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body.toString())).toEqual({
      ready: false,
      checks: {
        database: "failing",
        registry: "ok",
        storage: "ok",
        tokenKeys: "ok",
        tokenServer: "ok",
        clocks: "ok",
      },
      reasons: { database: "the service is unavailable for the moment, try again" },
      warnings: [],
    });
  });

  test("say that the token server's keys were never had, since no token can be verified then; had once, they are kept", async () => {
    const server = await startTokenAuthority();
    const fresh = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: "http://127.0.0.1:1",
    });
    const unready = JSON.parse((await ask(fresh.url, "/ready")).body.toString()) as unknown;
    expect(unready).toMatchObject({
      checks: { tokenKeys: "failing" },
      reasons: { tokenKeys: "the token server's keys have not been had yet" },
    });
    await fresh.stop();
    const other = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: server.server.url,
    });
    for (const isThere of [true, false]) {
      const answer = JSON.parse((await ask(other.url, "/ready")).body.toString()) as unknown;
      expect(answer).toMatchObject({
        checks: { tokenKeys: "ok", tokenServer: isThere ? "ok" : "failing" },
        reasons: isThere
          ? {}
          : { tokenServer: "the token server does not answer, so nobody gets a token" },
      });
      if (isThere) await server.server.stop();
    }
    await other.stop();
  });

  test("answer anything else with 404 in the registry's form", async () => {
    for (const target of ["/nothing", "/metrics", "/v1/_ping-pong", "/..%2fetc/passwd"])
      expect(errorOf(await ask(gateway.url, target)).code).toBe("UNSUPPORTED");
  });

  test("count requests by endpoint, never by path", async () => {
    const bearer = await authority.bearer(["pull"]);
    await ask(gateway.url, `/v2/alpha/app/manifests/${DIGEST}?very-special`, {
      headers: { Authorization: bearer },
    });
    const metrics = await gateway.metrics();
    expect(metrics).toMatch(
      /http_requests_total\{route="manifest.read",method="GET",status="200"\}/,
    );
    expect(metrics).not.toContain("very-special");
  });
});

describe("an id that a client gives its request", () => {
  test.each(["trace-1.a_b", "", "a b", "x".repeat(65), "a;b", "<script>"])(
    "is not the one that answer and registry get: %s",
    async (offered) => {
      const headers = { Authorization: await authority.bearer(["pull"]), "X-Request-Id": offered };
      const answer = await ask(gateway.url, "/v2/alpha/app/tags/list", { headers });
      expect(answer.headers["x-request-id"]).not.toBe(offered);
      expect(answer.headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
      expect(upstream.seen[0]?.headers["x-request-id"]).toBe(answer.headers["x-request-id"]);
    },
  );

  test("is, when a proxy that is trusted passes it on", async () => {
    const trusting = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: authority.server.url,
      trustedProxies: ["loopback"],
    });
    const headers = {
      Authorization: await authority.bearer(["pull"]),
      "X-Request-Id": "trace-1.a_b",
    };
    const answer = await ask(trusting.url, `/v2/alpha/app/manifests/${DIGEST}`, { headers });
    expect(answer.headers["x-request-id"]).toBe("trace-1.a_b");
    expect(upstream.seen[0]?.headers["x-request-id"]).toBe("trace-1.a_b");
    await trusting.stop();
  });
});

describe("the registry's notifications", () => {
  test("are not taken while the database is away, and the registry is told when to come again", async () => {
    const headers = { Authorization: `Bearer ${NOTIFICATION_SECRET}` };
    const event = { id: "1", action: "push", target: { repository: "alpha/app" } };
    const body = JSON.stringify({ events: [event] });
    const answer = await ask(gateway.hooks.url, "/hooks/registry", {
      method: "POST",
      headers,
      body,
    });
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    expect(await gateway.metrics()).not.toMatch(/registry_notifications_total\{/);
  });
});

function onlyAnswer(text: string): Answer {
  const answers = answersIn(text);
  const [answer] = answers;
  if (answer === undefined || answers.length > 1) throw new Error(`no single answer: ${text}`);
  return answer;
}
