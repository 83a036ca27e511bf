import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { listening } from "#tests/support/test-server.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const BLOB = `/v2/alpha/app/blobs/${DIGEST}`;

let ledger: StartedLedger;
let tokenServer: TestTokenServer;
let front: { readonly url: string; stop(): Promise<void> };
let registry: UpstreamDouble;
let gateway: TestGateway;
let asked: string[];
let isAway = false;
/** Who answers. */
let answering: TestTokenServer;

beforeAll(async () => {
  ledger = await startLedger();
  tokenServer = await startTestTokenServer();
  answering = tokenServer;
  front = await listening(
    createServer((req, res) => {
      if (req.url?.startsWith("/token") === true) asked.push(req.url);
      if (isAway) res.writeHead(502).end();
      else answering.app(req, res);
    }),
  );
  registry = await startUpstream((_req, res) => {
    res.end("layer");
  });
  gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: front.url,
    db: ledger.open(),
  });
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
  await front.stop();
  await tokenServer.stop();
  await ledger.stop();
});

const get = (path: string, authorization: string, method = "GET"): Promise<Answer> =>
  ask(gateway.url, path, { method, headers: { Authorization: authorization } });

describe("an OAuth token that is shown to the registry API, as Pier One's clients do", () => {
  test.each(["Bearer", "Token"])("reads as %s, and is asked for once", async (scheme) => {
    const answers = await Promise.all([1, 2, 3].map(() => get(BLOB, `${scheme} alice-token`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await get(BLOB, `${scheme} alice-token`)).status).toBe(200);
    expect(asked.length).toBeLessThanOrEqual(1);
    expect(registry.seen.at(-1)?.headers.authorization).toContain("alice");
  });

  test("that is none is told where to get one", async () => {
    const answer = await get(BLOB, "Bearer nobodys-token");
    expect(answer.status).toBe(401);
    expect(String(answer.headers["www-authenticate"])).toContain(
      'scope="repository:alpha/app:pull",error="invalid_token"',
    );
  });

  test("is not taken for anything that writes", async () => {
    const upload = await get("/v2/alpha/app/blobs/uploads/", "Bearer alice-token", "POST");
    expect(upload.status).toBe(401);
    expect(asked).toEqual([]);
  });

  test("is no verdict while the token server is away", async () => {
    isAway = true;
    const answer = await get(BLOB, "Bearer bob-token");
    isAway = false;
    expect(answer.status).toBe(503);
    expect((await get(BLOB, "Bearer bob-token")).status).toBe(200);
  });

  test("that is wrong too often is limited as any login, and the right one of before goes on", async () => {
    expect((await get(BLOB, "Bearer alice-token")).status).toBe(200);
    // One of its own: whoever is limited there is so for a minute.
    answering = await startTestTokenServer({
      limits: { failuresPerSource: 5, failuresPerAccount: 5, windowSeconds: 60 },
    });
    const wrong = async (n: number) => (await get(BLOB, `Bearer wrong-${n}`)).status;
    const statuses: number[] = [];
    for (let n = 0; n < 10; n += 1) statuses.push(await wrong(n));
    expect(statuses).toContain(429);
    expect((await get(BLOB, "Bearer alice-token")).status).toBe(200);
    await answering.stop();
    answering = tokenServer;
  });
});

test("a password is no credential of the registry API itself", async () => {
  const basic = `Basic ${Buffer.from("oauth2:alice-token").toString("base64")}`;
  expect((await get(BLOB, basic)).status).toBe(401);
  expect(asked).toEqual([]);
});
