import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startGatewayBetween, type GatewayBetween } from "#tests/support/gateway-between.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { answersIn, ask, errorOf, rawExchange, type Answer } from "#tests/support/http-client.js";
import { replyWith, takeAll } from "#tests/support/upstream-double.js";

const UI = "https://ui.example";
const OTHERS = [
  ...["https://evil.example", "http://ui.example", "https://ui.example:8443", "null", ""],
  ...["https://ui.example.evil.example", "https://sub.ui.example", "HTTPS://UI.EXAMPLE", "*"],
];
const DIGEST = `sha256:${"ab".repeat(32)}`;

/** Requests and the status that they get: answers of each of the ways by which one comes about. */
const ANSWERS: readonly (readonly [what: string, method: string, path: string, status: number])[] =
  [
    ["what is there", "GET", "/v2/", 200],
    ["what the registry says", "GET", `/v2/alpha/app/blobs/${DIGEST}`, 200],
    ["a HEAD", "HEAD", `/v2/alpha/app/manifests/${DIGEST}`, 200],
    ["a challenge", "GET", "/v2/beta/secret/tags/list", 401],
    ["a name that is none", "GET", "/v2/Alpha/tags/list", 400],
    ["an endpoint that there is not", "GET", "/nothing", 404],
    ["a method that there is not", "POST", "/v2/", 403],
    ["the ledger that is away", "GET", "/v2/alpha/app/manifests/1.0", 503],
    ["a token", "GET", "/token?service=wharfinger", 200],
    ["the REST API", "GET", "/api/v1/repositories/beta/secret", 401],
    ["health", "GET", "/.well-known/health", 200],
    ["readiness", "GET", "/ready", 503],
  ];

let between: GatewayBetween;
let listed: TestGateway;
let forAll: TestGateway;

beforeAll(async () => {
  between = await startGatewayBetween();
  const behind = {
    registryUrl: between.upstream.url,
    tokenServerUrl: between.authority.server.url,
  };
  listed = await startGateway({ ...behind, corsOrigins: [UI, "http://127.0.0.1:3000"] });
  forAll = await startGateway({ ...behind, corsOrigins: ["*"] });
});
beforeEach(() => {
  between.upstream.answerWith(takeAll);
});
afterAll(async () => {
  await listed.stop();
  await forAll.stop();
  await between.stop();
});

describe("a page of an origin that is listed", () => {
  test.each(ANSWERS)("may read %s: %s %s", async (_what, method, path, status) => {
    const answer = await from(UI, listed, path, { method });
    expect(answer.status).toBe(status);
    expect(saidOf(answer)).toEqual({ origin: UI, credentials: "true", vary: "Origin" });
    expect(answer.headers["access-control-expose-headers"]).toContain("WWW-Authenticate");
  });

  test("may read the challenge that it has to answer", async () => {
    const answer = await ask(listed.url, "/v2/", { headers: { Origin: UI } });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toMatch(/^Bearer realm=/);
    expect(saidOf(answer).origin).toBe(UI);
  });

  test("may read what the listener refuses before anybody looks at it", async () => {
    const twice = "Range: bytes=0-1\r\nRange: bytes=0-2";
    const head = `GET /v2/ HTTP/1.1\r\nHost: g\r\nOrigin: ${UI}\r\nConnection: close\r\n${twice}`;
    const [answer] = answersIn(await rawExchange(listed.port, `${head}\r\n\r\n`));
    expect(answer?.status).toBe(400);
    expect(answer?.headers["access-control-allow-origin"]).toBe(UI);
  });

  test.each([
    "/v2/",
    "/v2/beta/secret/tags/list",
    "/token",
    "/api/v1/explain",
    "/ready",
    "/nothing",
  ])("is answered when its browser asks first, without any credential: %s", async (path) => {
    const answer = await preflight(UI, listed, path);
    expect([answer.status, answer.body.length]).toEqual([204, 0]);
    expect(saidOf(answer)).toEqual({ origin: UI, credentials: "true", vary: "Origin" });
    expect(answer.headers).toMatchObject({
      "access-control-allow-methods": "GET, HEAD",
      "access-control-allow-headers": expect.stringContaining("Authorization"),
      "access-control-max-age": "600",
    });
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("changes nothing: %s", async (method) => {
    const asked = await preflight(UI, listed, "/v2/alpha/app/manifests/1.0", method);
    expect(asked.headers["access-control-allow-methods"]).not.toContain(method);
    for (const path of ["/v2/alpha/app/manifests/1.0", "/token", "/api/v1/refresh-tokens"]) {
      const answer = await from(UI, listed, path, { method });
      expect([answer.status, errorOf(answer).code]).toEqual([403, "DENIED"]);
      expect(saidOf(answer).origin).toBe(UI);
    }
    expect(between.upstream.seen).toEqual([]);
  });

  test("is told what the gateway says, whatever the registry says to pages", async () => {
    const theirs = {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Credentials": "false",
      "Access-Control-Allow-Methods": "DELETE",
      Vary: "Accept",
    };
    between.upstream.answerWith(replyWith(200, theirs, "blob"));
    const answer = await from(UI, listed, `/v2/alpha/app/blobs/${DIGEST}`);
    expect(saidOf(answer)).toEqual({ origin: UI, credentials: "true", vary: "Origin" });
    expect(answer.headers).not.toHaveProperty("access-control-allow-methods");
  });
});

describe("a page of any other origin", () => {
  test.each(OTHERS)("may read nothing: %s", async (origin) => {
    for (const [, method, path, status] of ANSWERS) {
      const answer = await from(origin, listed, path, { method });
      expect(answer.status).toBe(status);
      expect(saidOf(answer)).toEqual({ vary: "Origin" });
    }
    for (const path of ["/v2/", "/token"])
      expect((await preflight(origin, listed, path)).status).toBe(405);
  });

  test("may read nothing where no origin is listed, which is so by default", async () => {
    for (const [, method, path, status] of ANSWERS) {
      const answer = await from(UI, between.gateway, path, { method });
      expect(answer.status).toBe(status);
      expect(saidOf(answer)).toEqual({});
    }
    const asked = await preflight(UI, between.gateway, "/v2/");
    expect([asked.status, saidOf(asked)]).toEqual([405, {}]);
  });
});

describe("where all pages may read", () => {
  test.each(ANSWERS)(
    "none does with what the browser keeps: %s: %s %s",
    async (_w, method, path) => {
      for (const origin of [UI, "null", "https://evil.example"])
        expect(saidOf(await from(origin, forAll, path, { method }))).toEqual({ origin: "*" });
    },
  );

  test("and a browser that asks first is told so", async () => {
    const answer = await preflight("https://evil.example", forAll, "/v2/");
    expect([answer.status, saidOf(answer)]).toEqual([204, { origin: "*" }]);
  });
});

describe("an OPTIONS that is no browser's question", () => {
  test("is a method that there is not", async () => {
    for (const headers of [{}, { Origin: UI }, { "Access-Control-Request-Method": "GET" }]) {
      const answer = await ask(listed.url, "/v2/", { method: "OPTIONS", headers });
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe("GET, HEAD");
    }
  });
});

function from(
  origin: string,
  gateway: TestGateway,
  path: string,
  { method = "GET" } = {},
): Promise<Answer> {
  const headers = {
    ...{ Authorization: between.bearer, Origin: origin, "Sec-Fetch-Site": "cross-site" },
    "Content-Type": "application/json",
  };
  return ask(gateway.url, path, { method, headers });
}

function preflight(
  origin: string,
  gateway: TestGateway,
  path: string,
  method = "GET",
): Promise<Answer> {
  const headers = {
    Origin: origin,
    "Access-Control-Request-Method": method,
    "Access-Control-Request-Headers": "authorization",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "cors",
  };
  return ask(gateway.url, path, { method: "OPTIONS", headers });
}

/** What an answer says about pages. */
function saidOf({ headers }: Answer): { origin?: unknown; credentials?: unknown; vary?: unknown } {
  const said = {
    origin: headers["access-control-allow-origin"],
    credentials: headers["access-control-allow-credentials"],
    vary: headers.vary,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
