import { createServer, type IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sender } from "#gateway/upstream/send.js";
import { exchange } from "#service-kit/http/exchange.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { requestAtHand, withRequestAtHand } from "#service-kit/request-at-hand.js";
import type { Part, PartOutcome, RequestTrace } from "#service-kit/trace.js";
import { listening, type TestServer } from "#tests/support/test-server.js";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const heard: IncomingHttpHeaders[] = [];
const shown: { readonly part: Part; readonly outcome: PartOutcome }[] = [];
const TRACE: RequestTrace = {
  traceId: null,
  begin: (part) => ({
    headers: { traceparent: TRACEPARENT },
    end: (outcome) => void shown.push({ part, outcome }),
  }),
  end: () => undefined,
};

let server: TestServer;
beforeAll(async () => {
  server = await listening(
    createServer((req, res) => {
      heard.push(req.headers);
      res.writeHead(req.url === "/v2/" ? 200 : 503).end();
    }),
  );
});
afterAll(() => server.stop());

/** @returns what the server heard of a request that is made for another one, which is followed */
async function askedFor(work: () => Promise<unknown>): Promise<IncomingHttpHeaders> {
  heard.length = 0;
  shown.length = 0;
  await withRequestAtHand(async () => {
    const request = requestAtHand();
    if (request !== null) request.trace = TRACE;
    await work();
  });
  return heard[0] ?? {};
}

describe("a trace", () => {
  test("is passed on to the registry and the token server", async () => {
    const { send } = sender(new URL(server.url), 5);
    const made = { method: "GET", target: "/v2/", headers: {}, body: { kind: "none" } } as const;
    const headers = await askedFor(async () => (await send(made).answer).resume());
    expect(headers["traceparent"]).toBe(TRACEPARENT);
    expect(shown).toMatchObject([
      { part: { name: "GET /v2/" }, outcome: { facts: { "http.response.status_code": 200 } } },
    ]);
  });

  test("is not passed on to services that are no part of the installation", async () => {
    const way = outgoing().to(new URL(server.url));
    const url = new URL(`${server.url}/info?access_token=secret`);
    const asked = {
      method: "GET",
      headers: {},
      signal: AbortSignal.timeout(5_000),
      mayRepeat: true,
    };
    const headers = await askedFor(async () => (await exchange(way, url, asked)).resume());
    expect(headers["user-agent"]).toBe("wharfinger");
    expect(headers["traceparent"]).toBeUndefined();
    expect(shown).toMatchObject([{ part: { name: "GET" }, outcome: { error: "503" } }]);
    expect(JSON.stringify(shown)).not.toContain("secret");
  });
});
