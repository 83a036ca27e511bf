import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compilePolicy } from "#access-policy/compile.js";
import { putImage } from "#tests/integration/rest-api/support/stack.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { manifestRegistry } from "#tests/support/manifest-registry.js";
import { listening } from "#tests/support/test-server.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

/** Far more than fit into a token; every other one is there, and as many that nobody may see. */
const MANY = Array.from({ length: 3_000 }, (_, i) => `team-${i * 7919}/app-${i * 104_729}`);
const SEEN = MANY.filter((_, i) => i % 100 === 0).toSorted();
const HIDDEN = SEEN.map((name) => `${name}-hidden`);

const policy = {
  current: () =>
    compilePolicy([
      { id: "many", effect: "allow", actions: ["pull"], repositories: MANY, who: "logged-in" },
    ]),
};

let ledger: StartedLedger;
let tokenServer: TestTokenServer;
let front: Awaited<ReturnType<typeof listening>>;
let registry: UpstreamDouble;
let gateway: TestGateway;
/** What the token server's `/views/` is asked, and what becomes of its answers. */
const asked: string[] = [];
let forged: string | null = null;
let isAway = false;

beforeAll(async () => {
  ledger = await startLedger();
  tokenServer = await startTestTokenServer({ policy });
  front = await listening(
    createServer((req, res) => {
      if (req.url?.startsWith("/views/") === true) {
        asked.push(req.url);
        if (isAway) return void res.writeHead(500).end();
        if (forged !== null) return void res.end(JSON.stringify({ view: forged }));
      }
      tokenServer.app(req, res);
    }),
  );
  registry = await startUpstream(manifestRegistry().handler);
  gateway = await startGateway({
    ...{ registryUrl: registry.url, tokenServerUrl: front.url },
    ...{ db: ledger.open(), hears: ledger.config },
  });
  for (const name of [...SEEN, ...HIDDEN]) await putImage(ledger, name, "1.0", name);
  await ledger.db.query("insert into ledger.discovery (catalog_at) values (now())");
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
  await front.stop();
  await tokenServer.stop();
  await ledger.stop();
});

const get = (path: string, authorization: string): Promise<Answer> =>
  ask(gateway.url, path, { headers: { Authorization: authorization } });
const jsonOf = ({ body }: Answer): unknown => JSON.parse(body.toString());

async function newToken(): Promise<string> {
  const basic = `Basic ${Buffer.from("oauth2:alice-token").toString("base64")}`;
  const answer = await get("/token?service=wharfinger&scope=registry:catalog:*", basic);
  return `Bearer ${(jsonOf(answer) as { token: string }).token}`;
}

describe("whoever may pull what fits into no token", () => {
  test("is told all of it in lists, and nothing else; the token server is asked once", async () => {
    asked.length = 0;
    const token = await newToken();
    expect(token.length).toBeLessThan(6 * 1024);
    const catalogs = await Promise.all([1, 2, 3].map(() => get("/v2/_catalog?n=1000", token)));
    for (const answer of catalogs) expect(jsonOf(answer)).toEqual({ repositories: SEEN });
    const other = await newToken();
    const listed = jsonOf(await get("/api/v1/repositories?limit=500", other));
    expect(
      (listed as { items: { name: string }[] }).items.map(({ name }) => name).toSorted(),
    ).toEqual(SEEN);
    const teams = jsonOf(await get("/teams", "Bearer alice-token")) as string[];
    expect(teams.toSorted()).toEqual(SEEN.map((name) => name.split("/")[0]).toSorted());
    expect(asked).toHaveLength(1);
  });

  test("gets no more from whoever answers in the token server's place", async () => {
    const other = await anotherGateway();
    forged = Buffer.from(JSON.stringify({ rules: ["+**"], values: {}, limits: null })).toString(
      "base64url",
    );
    try {
      const answer = await ask(other.url, "/v2/_catalog", {
        headers: { Authorization: await newToken() },
      });
      expect(answer.status).toBe(503);
      expect(answer.body.toString()).not.toContain("hidden");
    } finally {
      forged = null;
      await other.stop();
    }
  });

  test("is told to try again while the token server does not say, and gets lists thereafter", async () => {
    const other = await anotherGateway();
    const headers = { Authorization: await newToken() };
    isAway = true;
    try {
      expect((await ask(other.url, "/v2/_catalog", { headers })).status).toBe(503);
      isAway = false;
      expect((await ask(other.url, "/v2/_catalog", { headers })).status).toBe(200);
    } finally {
      isAway = false;
      await other.stop();
    }
  });
});

/** One that remembers nothing. */
function anotherGateway(): Promise<TestGateway> {
  return startGateway({
    ...{ registryUrl: registry.url, tokenServerUrl: front.url },
    ...{ db: ledger.open(), hears: ledger.config },
  });
}
