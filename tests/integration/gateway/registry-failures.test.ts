import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { IncomingMessage, ServerResponse } from "node:http";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, rawExchange, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { imageText, IMAGE_TYPE } from "#tests/support/manifest-texts.js";
import { manifestRegistry } from "#tests/support/manifest-registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import {
  bodyOf,
  replyWith,
  startUpstream,
  type UpstreamDouble,
} from "#tests/support/upstream-double.js";

const UPLOADS = "/v2/alpha/app/blobs/uploads/";
const SESSION = `${UPLOADS}session-1?_state=x`;
const LIST = "/v2/alpha/app/tags/list";
const MANIFEST = "/v2/alpha/app/manifests/1.0";
const BLOB = Buffer.from("hello");
const DIGEST = digestOf(BLOB);
const SHA512 = digestOf(BLOB, `sha512:${"0".repeat(128)}` as Digest);

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: UpstreamDouble;
let gateway: TestGateway;
let bearer: string;

beforeAll(async () => {
  [ledger, authority, registry] = await Promise.all([
    startLedger(),
    startTokenAuthority(),
    startUpstream(),
  ]);
  const urls = { registryUrl: registry.url, tokenServerUrl: authority.server.url };
  gateway = await startGateway({ ...urls, db: ledger.open(), hears: ledger.config });
  bearer = await authority.bearer(["pull", "push"]);
});
beforeEach(() => ledger.clear());
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
  await authority.server.stop();
  await ledger.stop();
});

const send = (method: string, target: string, headers: object = {}, body?: Buffer) =>
  ask(gateway.url, target, {
    method,
    headers: { ...headers, Authorization: bearer },
    ...(body === undefined ? {} : { body }),
  });
const seen = () =>
  registry.seen.map(({ method, target }) => `${method} ${target.split("?")[0] ?? ""}`);
type Made = (req: IncomingMessage, res: ServerResponse) => void;
/** The registry has every blob, and does this with everything else. */
const havingAllBlobs = (otherwise: Made) => {
  registry.answerWith(async (req, res, entry) => {
    await bodyOf(req, entry);
    if (req.method === "HEAD") res.writeHead(200, { "Content-Length": 5 }).end();
    else otherwise(req, res);
  });
};
const failing: Made = (_req, res) => {
  res.writeHead(500).end();
};
const TWICE = Array.from({ length: 2 });

describe("an upload that the registry fails to close", () => {
  const close = (query: string, method = "PUT") => send(method, `${SESSION}&${query}`, {}, BLOB);

  test("has brought its blob where the registry has that now", async () => {
    havingAllBlobs(failing);
    const answer = await close(`digest=${DIGEST}`);
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({
      location: `/v2/alpha/app/blobs/${DIGEST}`,
      "docker-content-digest": DIGEST,
    });
  });

  test.each([
    ["names two digests", `digest=${DIGEST}&digest=${SHA512}`, "PUT"],
    ["names one by which registries keep no blobs", `digest=${SHA512}`, "PUT"],
    ["names none", "digest=sha256:abc", "PUT"],
    ["is not closed", `digest=${DIGEST}`, "PATCH"],
  ])("has failed where it %s, and no blob is looked for", async (_what, query, method) => {
    havingAllBlobs(failing);
    const { status } = await close(query, method);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(seen().filter((line) => line.startsWith("HEAD"))).toEqual([]);
  });

  test("has failed where the registry goes away: only its answer says that it came to closing", async () => {
    havingAllBlobs((_req, res) => res.destroy());
    expect((await close(`digest=${DIGEST}`)).status).toBe(503);
  });
});

describe("a blob that comes with the POST", () => {
  const begins: Made = (req, res) => {
    if (req.method === "POST") res.writeHead(202, { Location: SESSION }).end();
    else res.writeHead(201, { Location: "/v2/alpha/app/blobs/x" }).end();
  };
  const posted = async (headers: object, body?: Buffer, digest: Digest = DIGEST) => {
    havingAllBlobs(begins);
    const { status } = await send("POST", `${UPLOADS}?digest=${digest}`, headers, body);
    return [status, ...seen()];
  };
  const AT_ONCE = [201, `POST ${UPLOADS}`, `PUT ${UPLOADS}session-1`];
  const LATER = [202, `POST ${UPLOADS}`];

  test("is stored by the two requests that registries know, chunked or not", async () => {
    expect(await posted({ "Content-Length": BLOB.length }, BLOB)).toEqual(AT_ONCE);
    expect(await posted({ "Transfer-Encoding": "chunked" }, BLOB)).toEqual(AT_ONCE);
  });

  test("is none where nothing comes: then an upload begins", async () => {
    expect(await posted({ "Content-Length": 0 })).toEqual(LATER);
    const empty = digestOf(Buffer.alloc(0));
    expect(await posted({ "Content-Length": 0 }, undefined, empty)).toEqual(AT_ONCE);
    havingAllBlobs(begins);
    const head = `POST ${UPLOADS}?digest=${DIGEST} HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer}\r\nConnection: close\r\n\r\n`;
    expect(await rawExchange(gateway.port, head)).toContain("HTTP/1.1 202 ");
    expect(seen()).toEqual([`POST ${UPLOADS}`]);
  });

  test("is not stored, and may be sent again, where the registry begins no upload", async () => {
    for (const handler of [replyWith(500), replyWith(404)]) {
      registry.answerWith(handler);
      const answer = await send("POST", `${UPLOADS}?digest=${DIGEST}`, {}, BLOB);
      expect(answer.status).toBe(503);
      expect(errorOf(answer).message).toBe("the registry did not begin the upload");
    }
  });
});

test("a mount by another digest than sha256 begins an upload: the registry would link the name to itself", async () => {
  havingAllBlobs((_req, res) => res.writeHead(202, { Location: SESSION }).end());
  const from = "from=alpha/app";
  await send("POST", `${UPLOADS}?mount=${SHA512}&${from}`);
  await send("POST", `${UPLOADS}?mount=${DIGEST}&${from}`);
  const mounts = registry.seen.map(({ target }) => new URLSearchParams(target.split("?")[1]));
  expect(mounts.map((query) => query.get("mount"))).toEqual([null, DIGEST]);
});

describe("a list of tags that the ledger does not have", () => {
  test.each([
    ["is the registry's", replyWith(200, {}, '{"name":"alpha/app","tags":["1","2"]}'), 200],
    ["is empty where the registry says null", replyWith(200, {}, '{"tags":null}'), 200],
    ["is the registry's 404", replyWith(404, {}, '{"errors":[]}'), 404],
    ["is not told where the registry fails", replyWith(500), 503],
    ["is not told where the registry does not know us", replyWith(401), 503],
    ["is not told where the registry gives none", replyWith(200, {}, '{"tags":"1"}'), 503],
    ["is not told where the registry gives no JSON", replyWith(200, {}, "<html>"), 503],
    ["is not told where the registry does not answer", (_req: IncomingMessage, res: ServerResponse) => void res.destroy(), 503], // prettier-ignore
  ] as const)("%s", async (_what, handler, status) => {
    registry.answerWith(handler);
    for (const method of ["GET", "HEAD"]) {
      const answer = await send(method, LIST);
      expect(answer.status).toBe(status);
      expect(answer.body.length > 0).toBe(method === "GET");
    }
  });
});

describe("a request for a manifest that is in memory", () => {
  const read = (headers: object) =>
    fetch(new URL(MANIFEST, gateway.url), {
      headers: { accept: IMAGE_TYPE, ...headers },
      signal: AbortSignal.timeout(10_000),
    });
  beforeEach(async () => {
    registry.answerWith(manifestRegistry().handler);
    const type = { "Content-Type": IMAGE_TYPE };
    expect((await send("PUT", MANIFEST, type, Buffer.from(imageText()))).status).toBe(201);
    await Promise.all(TWICE.map(() => read({ authorization: bearer })));
    expect((await read({ authorization: bearer })).status).toBe(200);
    registry.answerWith(failing);
  });

  test("is answered to nobody without a token, nor with one for something else", async () => {
    expect((await read({})).status).toBe(401);
    const other = await authority.bearer(["pull"], "beta/app");
    for (const authorization of [other, other])
      expect((await read({ authorization })).status).toBe(401);
  });

  test("brings no body: one that does is refused, and its connection ends", async () => {
    const head = `GET ${MANIFEST} HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer}\r\nAccept: ${IMAGE_TYPE}\r\n`;
    const told = await rawExchange(
      gateway.port,
      `${head}Content-Length: 5\r\n\r\nhelloGET /health`,
    );
    expect(told).toMatch(/^HTTP\/1\.1 400 [^]*connection: close/i);
    expect(told.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test("does not stand in for others: they go to the registry, and are answered", async () => {
    registry.answerWith(replyWith(404, {}, '{"errors":[]}'));
    const url = new URL("/v2/alpha/app/manifests/2.0", gateway.url);
    const signal = AbortSignal.timeout(10_000);
    const headers = { authorization: bearer, accept: IMAGE_TYPE };
    expect((await fetch(url, { headers, signal })).status).toBe(404);
    expect((await fetch(new URL(LIST, gateway.url), { headers, signal })).status).toBe(404);
  });
});

describe("what the registry fails to read", () => {
  const BLOB_PATH = `/v2/alpha/app/blobs/${DIGEST}`;
  const read = (target: string) =>
    fetch(new URL(target, gateway.url), {
      headers: { authorization: bearer },
      signal: AbortSignal.timeout(10_000),
    });

  test("is asked for again, and is there when that passes by itself", async () => {
    let times = 0;
    registry.answerWith((_req, res) => {
      times += 1;
      if (times === 1) res.writeHead(500).end();
      else res.writeHead(200, { "Content-Length": BLOB.length }).end(BLOB);
    });
    const answer = await read(BLOB_PATH);
    expect([answer.status, await answer.text()]).toEqual([200, BLOB.toString()]);
  });

  test("is asked for three times, and is not decided where that is a manifest", async () => {
    registry.answerWith(replyWith(500));
    const answer = await read(`/v2/alpha/app/manifests/${DIGEST}`);
    expect(answer.status).toBe(503);
  });
});

test("a manifest by another digest than sha256 is what the ledger has: the registry is not asked", async () => {
  registry.answerWith(replyWith(200, { "Content-Type": IMAGE_TYPE }, "{}"));
  const answer = await send("GET", `/v2/alpha/app/manifests/${SHA512}`, { Accept: IMAGE_TYPE });
  expect([answer.status, errorOf(answer).code]).toEqual([404, "MANIFEST_UNKNOWN"]);
  expect(registry.seen).toEqual([]);
});

test("a manifest that a tag means and the registry says it has not is not lost while it says nothing more", async () => {
  registry.answerWith(manifestRegistry().handler);
  const type = { "Content-Type": IMAGE_TYPE };
  expect((await send("PUT", MANIFEST, type, Buffer.from(imageText()))).status).toBe(201);
  await ledger.db.query("update ledger.manifest set content = '{}'");
  const fresh = await startGateway({
    ...{ registryUrl: registry.url, tokenServerUrl: authority.server.url },
    ...{ db: ledger.open(), hears: ledger.config },
  });
  const read = async () =>
    (await ask(fresh.url, MANIFEST, { headers: { Authorization: bearer, Accept: "x/y" } })).status;
  let times = 0;
  registry.answerWith((_req, res) => {
    times += 1;
    if (times === 1) res.writeHead(404).end();
    else res.destroy();
  });
  expect(await read()).toBe(503);
  registry.answerWith(replyWith(404));
  expect(await read()).toBe(404);
  await fresh.stop();
});

test("a blob by another digest than sha256 is called so where it is, and where it is not the registry says what it says", async () => {
  const target = `/v2/alpha/app/blobs/${SHA512}`;
  const named = { "Docker-Content-Digest": DIGEST };
  registry.answerWith(replyWith(200, { ...named, "Content-Length": String(BLOB.length) }, "hello"));
  expect((await send("GET", target)).headers["docker-content-digest"]).toBe(SHA512);
  registry.answerWith(replyWith(404, named, "{}"));
  expect((await send("GET", target)).headers["docker-content-digest"]).not.toBe(SHA512);
});

test("a push by digest names 32 tags at most", async () => {
  registry.answerWith(manifestRegistry().handler);
  const content = Buffer.from(imageText());
  const put = (count: number) => {
    const tags = Array.from({ length: count }, (_, n) => `tag=${n}`).join("&");
    const target = `/v2/alpha/app/manifests/${digestOf(content)}?${tags}`;
    return send("PUT", target, { "Content-Type": IMAGE_TYPE }, content);
  };
  expect((await put(32)).status).toBe(201);
  // By its sha256 it is called what it is.
  expect((await ledger.db.query("select from ledger.called_tag")).rowCount).toBe(0);
  const answer = await put(33);
  expect([answer.status, errorOf(answer).detail]).toEqual([414, { tags: 33, most: 32 }]);
});

test.each([
  ["GET", LIST],
  ["HEAD", LIST],
  ["DELETE", MANIFEST],
  ["GET", "/api/v1/session"],
])("a %s of %s that brings a body is refused", async (method, target) => {
  registry.answerWith(replyWith(404, {}, '{"errors":[]}'));
  const head = `${method} ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${await authority.bearer(["pull", "push", "delete"])}\r\n`;
  const told = await rawExchange(gateway.port, `${head}Content-Length: 5\r\n\r\nhello`);
  expect(told).toContain("HTTP/1.1 400 ");
  expect(registry.seen).toEqual([]);
});

test.each(["/v2", "/v2?x=1", "/v2/", "/v2/nothing"])(
  "%s is of the registry API",
  async (target) => {
    const answer: Answer = await ask(gateway.url, target);
    expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
  },
);
