import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { tokenVerifier } from "#gateway/proxy/caller.js";
import { clockReading, steadyNow } from "#service-kit/clocks/clock-reading.js";
import { CALLER_HEADER } from "#service-kit/signing/caller-statement.js";
import { gatewayClocks } from "#tests/support/clocks.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { migratedDatabase } from "#tests/support/migrated-database.js";
import { AUDIT_LOG_MIGRATIONS, TOKEN_SERVER_MIGRATIONS } from "#tests/support/migrations.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import {
  ISSUER,
  SERVICE,
  startTokenAuthority,
  type TokenClaims,
} from "#tests/support/token-authority.js";
import { startTokenServerProcess } from "#tests/support/token-server-process.js";
import { replyWith, startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const READ = `/v2/alpha/app/manifests/sha256:${"ab".repeat(32)}`;
const SHIFT = pathToFileURL(join(REPOSITORY_ROOT, "tests", "support", "shifted-clock.mjs")).href;

let postgres: TestPostgres;
let folder: TemporaryFolder;
let upstream: UpstreamDouble;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await temporaryFolder();
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.stop();
  await postgres.stop();
  await folder.remove();
});

describe("a token server whose clock", () => {
  test.each([
    ["is 10 minutes ahead", 600, "the token server's clock is 10 minutes ahead of the gateway's"],
    ["is 16 minutes behind", -960, "the token server's clock is 16 minutes behind the gateway's"],
  ])("%s issues tokens that nobody is blamed for", async (_what, seconds, difference) => {
    const server = await startTokenServer(seconds);
    const gateway = await startGateway({ registryUrl: upstream.url, tokenServerUrl: server.url });
    const Authorization = await newToken(server.url);
    // Its clock is known by its keys, which come with the first token.
    await ask(gateway.url, READ, { headers: { Authorization } });
    const answer = await ask(gateway.url, READ, { headers: { Authorization } });
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    expect(errorOf(answer).message).toContain(difference);
    await expectUnready(gateway.url, difference);
    await eventually("the token server has compared, too", async () => (await ask(server.url, "/ready")).status === 503); // prettier-ignore
    await expectUnready(server.url, "Postgres' clock is 1");
    await gateway.stop();
    await server.stop();
  });

  test("is ours is none of anybody's affair", async () => {
    upstream.answerWith(replyWith(200));
    const server = await startTokenServer(0);
    const gateway = await startGateway({ registryUrl: upstream.url, tokenServerUrl: server.url });
    const headers = { Authorization: await newToken(server.url) };
    // Not at once where the keys come late, as on a busy machine.
    await eventually("the token is taken", async () => (await ask(gateway.url, READ, { headers })).status === 200); // prettier-ignore
    await eventually("both are ready", async () => (await ask(server.url, "/ready")).status === 200); // prettier-ignore
    await gateway.stop();
    await server.stop();
  });
});

describe("a token", () => {
  test("that has ended by both clocks is the client's affair, however far they are apart", async () => {
    const { verifier, authority, stop } = await startVerifier(-960);
    const ended = await authority.sign({ notBefore: -5_000, expiresIn: -4_000 });
    await verifier.refresh();
    await expect(verifier.verify(`Bearer ${ended}`)).rejects.toMatchObject({
      name: "ExpiredToken",
      fault: null,
    });
    await stop();
  });

  test("of before the token server's clock was set right is the client's affair: they get a new one", async () => {
    const { verifier, authority, stop } = await startVerifier(0);
    const early = await authority.sign({ notBefore: 600, expiresIn: 1_500 });
    await expect(verifier.verify(`Bearer ${early}`)).rejects.toThrow("the token is not valid");
    await stop();
  });

  test("is not blamed where the gateway's own clock is the wrong one", async () => {
    const { verifier, authority, clocks, stop } = await startVerifier(960);
    clocks.note("Postgres", clockReading({ at: Date.now() + 960_000, coarseness: 0 }, steadyNow(), steadyNow())); // prettier-ignore
    const early = await authority.sign({ notBefore: 900, expiresIn: 1_860 });
    await expect(verifier.verify(`Bearer ${early}`)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(
        "wrong by what the others say: the gateway's clock",
      ) as unknown,
    });
    await stop();
  });
});

test("a gateway says who it is when it asks for keys, so that its clock is known there before anybody logs in", async () => {
  const paths: string[] = [];
  const introduce = (path: string) => {
    paths.push(path);
    return { [CALLER_HEADER]: `statement ${paths.length}` };
  };
  const { verifier, authority, stop } = await startVerifier(0, introduce);
  await verifier.refresh();
  await verifier.refresh();
  expect(authority.server.seen.map(({ headers }) => headers[CALLER_HEADER])).toEqual([
    "statement 1",
    "statement 2",
  ]);
  expect(paths).toEqual(["/.well-known/jwks.json", "/.well-known/jwks.json"]);
  await stop();
});

test.each<[string, TokenClaims]>([
  ["for another service", { audience: "another" }],
  ["of another issuer", { issuer: "somebody" }],
  ["that does not say when it begins", { without: "nbf" }],
  ["that does not say when it ends", { without: "exp" }],
])("a token %s is none by any clock", async (_what, wrong) => {
  const { verifier, authority, clocks, stop } = await startVerifier(960);
  clocks.note("Postgres", clockReading({ at: Date.now() + 960_000, coarseness: 0 }, steadyNow(), steadyNow())); // prettier-ignore
  const early = await authority.sign({ notBefore: 900, expiresIn: 1_860, ...wrong });
  await expect(verifier.verify(`Bearer ${early}`)).rejects.toThrow("the token is not valid");
  await stop();
});

describe("a registry whose clock differs", () => {
  const late = () => ({ Date: new Date(Date.now() - 600_000).toUTCString() });
  const difference = "the registry's clock is 10 minutes behind the gateway's";
  let gateway: TestGateway;
  let bearer: string;

  beforeAll(async () => {
    const authority = await startTokenAuthority();
    bearer = await authority.bearer(["pull", "push"]);
    gateway = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: authority.server.url,
    });
    await ask(gateway.url, "/v2/", { headers: { Authorization: bearer } });
    await authority.server.stop();
  });
  afterAll(() => gateway.stop());

  test.each([
    ["a manifest", "GET", READ],
    ["a blob", "GET", `/v2/alpha/app/blobs/sha256:${"cd".repeat(32)}`],
    ["tags", "GET", "/v2/alpha/app/tags/list"],
    ["an upload", "POST", "/v2/alpha/app/blobs/uploads/"],
  ])("and that refuses a token for it is said to: %s", async (_what, method, path) => {
    upstream.answerWith(replyWith(401, late()));
    const answer = await ask(gateway.url, path, { method, headers: { Authorization: bearer } });
    expect(answer.status).toBe(503);
    expect(errorOf(answer).message).toContain(difference);
  });

  test("is told by /ready", async () => {
    upstream.answerWith(replyWith(401, late()));
    const { body } = await ask(gateway.url, "/ready");
    expect(JSON.parse(body.toString())).toMatchObject({
      checks: { registry: "failing" },
      reasons: { registry: expect.stringContaining(difference) as unknown },
    });
  });

  test("by nothing is not supposed to", async () => {
    upstream.answerWith(replyWith(401));
    const answer = await ask(gateway.url, READ, { headers: { Authorization: bearer } });
    expect(errorOf(answer).message).not.toContain("clock");
  });
});

async function startTokenServer(seconds: number): Promise<{ url: string; stop(): Promise<void> }> {
  const config = await migratedDatabase(postgres, [TOKEN_SERVER_MIGRATIONS, AUDIT_LOG_MIGRATIONS]);
  const started = await startTokenServerProcess({
    DB_SUBNAME: `//${config.host}:${config.port}/${config.database}`,
    DB_USER: config.user,
    DB_PASSWORD: config.password.reveal(),
    KEYS_DIR: join(folder.path, `keys${seconds}`),
    HTTP_ALLOW_PUBLIC_READ: "true",
    NODE_OPTIONS: `--import ${SHIFT}?seconds=${seconds}`,
  });
  if (!started.started) throw new Error(started.output);
  return started;
}

async function newToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/token?service=wharfinger&scope=repository:alpha/app:pull`);
  const { token } = (await answer.json()) as { token: string };
  return `Bearer ${token}`;
}

async function expectUnready(url: string, reason: string): Promise<void> {
  const answer = await ask(url, "/ready");
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body.toString())).toMatchObject({
    ready: false,
    checks: { clocks: "failing" },
    reasons: { clocks: expect.stringContaining(reason) as unknown },
  });
}

/** @returns a verifier, and a token server whose clock is so many seconds ahead */
async function startVerifier(
  seconds: number,
  introduce: (path: string) => Record<string, string> = () => ({}),
) {
  const authority = await startTokenAuthority();
  const { publicJwk } = authority;
  authority.server.answerWith((_req, res) => {
    res.setHeader("Date", new Date(Date.now() + seconds * 1_000).toUTCString());
    res.end(JSON.stringify({ keys: [publicJwk] }));
  });
  const clocks = gatewayClocks();
  const verifier = tokenVerifier({
    jwksUrls: [new URL("/.well-known/jwks.json", authority.server.url)],
    issuer: ISSUER,
    audience: SERVICE,
    leewaySeconds: 60,
    keysMaxAgeSeconds: 3_600,
    clocks,
    introduce,
  });
  return { verifier, authority, clocks, stop: () => authority.server.stop() };
}
