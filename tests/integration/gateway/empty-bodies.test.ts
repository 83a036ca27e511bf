import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { statusAwaitingContinue, statusesWithoutBody } from "#tests/support/empty-bodies.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, takeAll, type UpstreamDouble } from "#tests/support/upstream-double.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const REST = "/api/v1/repositories/alpha/app";

let ledger: StartedLedger;
let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;
let headers: readonly string[];

beforeAll(async () => {
  ledger = await startLedger();
  authority = await startTokenAuthority();
  upstream = await startUpstream((req, res, seen) => {
    if (seen.target.includes("/tags/list")) res.end('{"tags":["1.0"]}');
    else if (seen.target.includes("/_catalog")) res.end('{"repositories":["alpha/app"]}');
    else if (/\/manifests\/(?!sha256)/.test(seen.target)) res.writeHead(404).end();
    else return takeAll(req, res, seen);
  });
  gateway = await startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
    db: ledger.open(),
  });
  const actions = ["pull", "push", "delete"] as const;
  const access = [
    { type: "registry", name: "catalog", actions: ["*"] },
    { type: "repository", name: "alpha/app", actions },
  ] as const;
  headers = [`Authorization: Bearer ${await authority.sign({ access })}`];
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await authority.server.stop();
  await ledger.stop();
});

/** One row for each way by which a request of the gateway comes to its answer. */
const ROUTES: readonly (readonly [line: string, status: number])[] = [
  ["GET /v2/", 200],
  ["HEAD /v2/", 200],
  ["GET /v2/_catalog", 200],
  ["GET /v2/alpha/app/tags/list", 200],
  ["HEAD /v2/alpha/app/tags/list", 200],
  [`GET /v2/alpha/app/referrers/${DIGEST}`, 503],
  [`GET /v2/alpha/app/manifests/${DIGEST}`, 200],
  [`HEAD /v2/alpha/app/manifests/${DIGEST}`, 200],
  ["GET /v2/alpha/app/manifests/latest", 404],
  ["DELETE /v2/alpha/app/manifests/1.0", 405],
  [`DELETE /v2/alpha/app/manifests/${DIGEST}`, 405],
  [`GET /v2/alpha/app/blobs/${DIGEST}`, 200],
  [`HEAD /v2/alpha/app/blobs/${DIGEST}`, 200],
  [`DELETE /v2/alpha/app/blobs/${DIGEST}`, 405],
  ["GET /v2/alpha/app/blobs/uploads/s1", 200],
  ["DELETE /v2/alpha/app/blobs/uploads/s1", 200],
  [`GET ${REST}`, 404],
  [`HEAD ${REST}`, 404],
  [`GET ${REST}/pulls`, 404],
  [`GET ${REST}/tags/1.0`, 404],
  [`GET ${REST}/tags/1.0/scm-source`, 404],
  [`PUT ${REST}/tags/1.0/lock`, 404],
  ["GET /token?service=wharfinger", 200],
  ["GET /api/v1/explain?action=pull", 200],
  ["GET /api/v1/refresh-tokens", 200],
  ["DELETE /api/v1/refresh-tokens", 200],
  ["GET /api/v1/teams/alpha/robots", 200],
  ["GET /.well-known/health", 200],
  ["HEAD /.well-known/health", 200],
  ["GET /ready", 200],
  ["GET /nothing", 404],
  ["GET /v2/beta/secret/tags/list", 401],
];

describe("no body is no body, however a client says so:", () => {
  test.each(ROUTES)("%s", async (line, status) => {
    const statuses = await statusesWithoutBody(gateway.port, line, headers);
    expect(new Set(Object.values(statuses))).toEqual(new Set([status]));
    expect(await statusAwaitingContinue(gateway.port, line, headers)).toBe(status);
  });

  test("the registry and the token server get none either", () => {
    const seen = [...upstream.seen, ...authority.server.seen];
    expect(seen.length).toBeGreaterThan(0);
    for (const { received, headers: sent } of seen) {
      expect(received).toBe(0);
      expect(sent).not.toHaveProperty("transfer-encoding");
    }
  });
});
