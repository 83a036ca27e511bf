import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { registryListing } from "#service-kit/http/registry-listing.js";
import { wholeRequests, type WholeRequest } from "#gateway/upstream/whole-request.js";
import { digestOf } from "#registry-protocol/digest.js";
import { fetchJson } from "#service-kit/http/fetch-json.js";
import { startForgetfulRelay, type ForgetfulRelay } from "#tests/support/forgetful-relay.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { startTestRegistry, type TestRegistry } from "#tests/support/registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import {
  startUpstream,
  takeAll,
  type UpstreamDouble,
  type UpstreamHandler,
} from "#tests/support/upstream-double.js";

const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = Buffer.from("{}");
const ROUNDS = 8;

const close: UpstreamHandler = (req) => {
  req.socket.destroy();
};

const reset: UpstreamHandler = (req) => {
  req.socket.resetAndDestroy();
};

const sayNonsense: UpstreamHandler = (req) => {
  req.socket.end("SSH-2.0\r\n");
};

const interimThenClose: UpstreamHandler = (req, res) => {
  res.writeEarlyHints({ link: "</x>; rel=preload" }, () => {
    req.socket.destroySoon();
  });
};

const beginAndClose: UpstreamHandler = (_req, res) => {
  res.writeHead(200, { "Content-Length": 10 }).write("half", () => res.destroy());
};

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: TestRegistry;
let toRegistry: ForgetfulRelay;
let toTokenServer: ForgetfulRelay;
let gateway: TestGateway;
let bearer: string;

beforeAll(async () => {
  ledger = await startLedger();
  authority = await startTokenAuthority();
  registry = await startTestRegistry();
  toRegistry = await startForgetfulRelay(registry.url);
  toTokenServer = await startForgetfulRelay(authority.server.url);
  gateway = await startGateway({
    registryUrl: toRegistry.url,
    tokenServerUrl: toTokenServer.url,
    db: ledger.open(),
    allowDelete: true,
  });
  bearer = await authority.bearer(["pull", "push", "delete"]);
});
beforeEach(() => {
  for (const list of [toRegistry.passed, toRegistry.met, toTokenServer.met]) list.length = 0;
});
afterAll(async () => {
  await gateway.stop();
  await toRegistry.stop();
  await toTokenServer.stop();
  await registry.stop();
  await authority.server.stop();
  await ledger.stop();
});

describe("behind a relay that closes each connection after its first answer", () => {
  test("images are pushed, pulled, listed and deleted as if it did not", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const tag = `1.${round}-SNAPSHOT`;
      const manifest = manifestOf(tag);
      const digest = digestOf(Buffer.from(manifest));
      expect((await uploadConfig()).status).toBe(201);
      const headers = { "Content-Type": MEDIA_TYPE };
      const pushed = await call("PUT", `manifests/${tag}`, { headers, body: manifest });
      expect(pushed.status).toBe(201);
      for (const path of [`manifests/${tag}`, `manifests/${digest}`])
        for (const method of ["GET", "HEAD"])
          expect((await call(method, path, { headers: { Accept: MEDIA_TYPE } })).status).toBe(200);
      expect((await call("GET", `blobs/${digestOf(CONFIG)}`)).body).toEqual(CONFIG);
      expect((await call("GET", "tags/list")).status).toBe(200);
      expect((await call("DELETE", `manifests/${tag}`)).status).toBe(202);
    }
    expect(toRegistry.met.length).toBeGreaterThan(0);
    // What changes something never meets a closed connection, so nobody has to find out what came of it.
    expect(toRegistry.met.filter((line) => !/^(?:GET|HEAD) /.test(line))).toEqual([]);
    const manifestsPut = toRegistry.passed.filter((line) => line.startsWith("PUT /v2/alpha/app/m"));
    expect(manifestsPut).toHaveLength(ROUNDS);
  });

  test("the gateway says that it is ready, each time", async () => {
    for (let round = 0; round < ROUNDS; round += 1)
      expect((await ask(gateway.url, "/ready")).status).toBe(200);
  });

  test("logins are answered, by GET and by POST", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      expect((await ask(gateway.url, "/token?service=wharfinger")).status).toBe(200);
      const form = { "Content-Type": "application/x-www-form-urlencoded" };
      const body = "grant_type=password";
      const posted = await ask(gateway.url, "/token", { method: "POST", headers: form, body });
      expect(posted.status).toBe(200);
    }
    expect(toTokenServer.met.filter((line) => line.startsWith("POST"))).toEqual([]);
  });

  test("many requests at once are answered, too", async () => {
    const pulls = () => Array.from({ length: 20 }, () => call("GET", `blobs/${digestOf(CONFIG)}`));
    await uploadConfig();
    for (let round = 0; round < 3; round += 1)
      for (const { status } of await Promise.all(pulls())) expect(status).toBe(200);
  });

  test("lists and other services are read to their end", async () => {
    const listing = registryListing(toRegistry.url, () => "");
    for (let round = 0; round < ROUNDS; round += 1) {
      for await (const names of listing.repositories(new AbortController().signal))
        expect(names).toContain("alpha/app");
      const keys = new URL(`${toTokenServer.url}/.well-known/jwks.json`);
      expect((await fetchJson(keys, {}, 5_000)).status).toBe(200);
    }
  });
});

describe("a request that gets no answer", () => {
  const request: WholeRequest = { target: "/", method: "GET", headers: {}, milliseconds: 10_000 };
  let upstream: UpstreamDouble;

  beforeAll(async () => {
    upstream = await startUpstream();
  });
  afterAll(() => upstream.stop());

  /** Answers the first request, and does something else with what follows. */
  const thenAlways = (handler: UpstreamHandler): UpstreamHandler => {
    let count = 0;
    return (req, res, seen) => (count++ === 0 ? takeAll(req, res, seen) : handler(req, res, seen));
  };

  test.each<[string, UpstreamHandler, number]>([
    ["twice, when a kept connection is closed", close, 2],
    ["twice, when a kept connection is reset", reset, 2],
    ["once, when an interim answer came", interimThenClose, 1],
    ["once, when something came that is no answer", sayNonsense, 1],
    ["once, when an answer began", beginAndClose, 1],
  ])("is made %s", async (_what, handler, times) => {
    upstream.answerWith(thenAlways(handler));
    const send = wholeRequests(upstream.url);
    expect((await send(request)).status).toBe(200);
    await expect(send(request)).rejects.toThrow();
    expect(upstream.seen).toHaveLength(1 + times);
  });

  test("is made once on a connection that nobody had before", async () => {
    upstream.answerWith(close);
    await expect(wholeRequests(upstream.url)(request)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(upstream.seen).toHaveLength(1);
  });

  test.each(["PUT", "DELETE"] as const)(
    "is made once when it changes something: %s",
    async (method) => {
      upstream.answerWith(thenAlways(close));
      const send = wholeRequests(upstream.url);
      await send(request);
      await expect(send({ ...request, method })).rejects.toThrow(/hang up|ECONNRESET/);
      expect(upstream.seen.map((seen) => seen.method)).toEqual(["GET", method]);
    },
  );

  test("is not made again after whoever waited for it has left", async () => {
    let isCut: () => void = () => undefined;
    const cut = new Promise<void>((resolve) => (isCut = resolve));
    upstream.answerWith(
      thenAlways((req) => {
        req.socket.once("close", isCut);
      }),
    );
    const send = wholeRequests(upstream.url);
    await send(request);
    await expect(send({ ...request, milliseconds: 100 })).rejects.toThrow(/timeout/);
    await cut;
    expect(upstream.seen).toHaveLength(2);
  });
});

function manifestOf(name: string): string {
  const config = {
    mediaType: "application/vnd.oci.image.config.v1+json",
    size: CONFIG.length,
    digest: digestOf(CONFIG),
  };
  const annotations = { name };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE,
    config,
    layers: [],
    annotations,
  });
}

function call(
  method: string,
  path: string,
  { headers, body }: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const all = { Authorization: bearer, ...headers };
  return ask(gateway.url, `/v2/alpha/app/${path}`, {
    method,
    headers: all,
    ...(body === undefined ? {} : { body }),
  });
}

/** As docker does: POST, PATCH with the bytes, PUT with the digest. */
async function uploadConfig(): Promise<Answer> {
  const started = await call("POST", "blobs/uploads/");
  expect(started.status).toBe(202);
  const headers = { "Content-Type": "application/octet-stream" };
  const sent = await call("PATCH", uploadOf(started), { headers, body: CONFIG });
  expect(sent.status).toBe(202);
  const next = uploadOf(sent);
  return call("PUT", `${next}${next.includes("?") ? "&" : "?"}digest=${digestOf(CONFIG)}`);
}

function uploadOf({ headers }: Answer): string {
  const location = new URL(String(headers.location), gateway.url);
  return `${location.pathname}${location.search}`.slice("/v2/alpha/app/".length);
}
