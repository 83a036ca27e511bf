import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, rawExchange, type Answer } from "#tests/support/http-client.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { startMadeRegistry, type MadeRegistry } from "#tests/support/made-registry.js";
import { RACED_TYPE, randomImage, type RandomImage } from "#tests/support/racing-clients.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { useLedger } from "#tests/support/use-ledger.js";

const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: MadeRegistry;
let gateway: TestGateway;
let bearer: string;
let image: RandomImage;
/** Digests of its layer and configuration. */
let layer: string;
let config: string;

useLedger((started) => {
  ledger = started;
});
beforeAll(async () => {
  authority = await startTokenAuthority();
  bearer = await authority.bearer(["pull", "push"]);
});
beforeEach(async () => {
  registry = await startMadeRegistry();
  const tokenServerUrl = authority.server.url;
  gateway = await startGateway({ registryUrl: registry.url, tokenServerUrl, db: ledger.db });
  image = randomImage(1);
  [layer = "", config = ""] = image.blobs.map((blob) => digestOf(blob));
  registry.blobs.set(layer, image.blobs[0] ?? Buffer.alloc(0));
  registry.blobs.set(config, image.blobs[1] ?? Buffer.alloc(0));
});
afterEach(async () => {
  await gateway.stop();
  await registry.stop();
});
afterAll(() => authority.server.stop());

describe("a manifest whose part's link is empty when the registry looks for it", () => {
  test.each(["1.0", "by digest"])("is put again, and stored (%s)", async (reference) => {
    registry.empty({ of: layer, method: "PUT", times: 1 });
    const answer = await put(reference === "by digest" ? image.digest : reference, image.manifest);
    expect(answer.status).toBe(201);
    expect(puts()).toHaveLength(2);
    expect(new Set(puts().map(({ body }) => body))).toEqual(new Set([image.manifest]));
  });

  test("is stored although the look for that part meets an empty link, too", async () => {
    registry.empty({ of: config, times: 3 });
    expect((await put("1.0", image.manifest)).status).toBe(201);
  });

  test("is put three times, and then it is not decided", async () => {
    registry.empty({ of: layer, method: "PUT", times: 9 });
    expect(await put("1.0", image.manifest)).toMatchObject({ status: 503 });
    expect(puts()).toHaveLength(3);
    registry.empty();
    expect((await put("1.0", image.manifest)).status).toBe(201);
  });

  test("is refused at once when another part is really missing, which is named", async () => {
    registry.blobs.delete(config);
    registry.empty({ of: layer, method: "PUT", times: 9 });
    const answer = await put("1.0", image.manifest);
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain(config);
    expect(puts()).toHaveLength(1);
    expect((await read("manifests/1.0")).status).toBe(404);
  });

  test("as a child that an index names is vouched for", async () => {
    registry.manifests.set(image.digest, {
      type: RACED_TYPE,
      content: Buffer.from(image.manifest),
    });
    registry.empty({ of: layer, method: "PUT", times: 1 });
    expect((await put("1.0", indexOf(image), INDEX_TYPE)).status).toBe(201);
  });
});

describe("a manifest whose layer is missing", () => {
  test.each(["1.0", "by digest"])("is refused after one request (%s)", async (reference) => {
    registry.blobs.delete(layer);
    const answer = await put(reference === "by digest" ? image.digest : reference, image.manifest);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code: "MANIFEST_BLOB_UNKNOWN", detail: layer });
    expect(puts()).toHaveLength(1);
  });
});

describe("what reads", () => {
  beforeEach(() => put("1.0", image.manifest));

  test.each([
    ["HEAD", "blob"],
    ["GET", "blob"],
    ["HEAD", "manifest"],
    ["GET", "manifest"],
    ["HEAD", "tag"],
    ["GET", "tag"],
  ])(
    "a link that is empty once and again is answered all the same: %s %s",
    async (method, what) => {
      registry.empty({ of: what === "blob" ? layer : image.digest, times: 2 });
      const path = { blob: `blobs/${layer}`, manifest: `manifests/${image.digest}` }[what];
      const answer = await read(path ?? "manifests/1.0", method);
      expect(answer.status).toBe(200);
      const wanted = what === "blob" ? image.blobs[0] : Buffer.from(image.manifest);
      expect(answer.body).toEqual(method === "HEAD" ? Buffer.alloc(0) : wanted);
    },
  );

  test("is told of a link of a blob that stays empty after three requests", async () => {
    registry.upstream.seen.length = 0;
    registry.empty({ of: layer, times: 9 });
    expect((await read(`blobs/${layer}`)).status).toBe(500);
    expect(registry.upstream.seen).toHaveLength(3);
  });

  test("is told of a blob that is not there after one request", async () => {
    registry.blobs.delete(layer);
    registry.upstream.seen.length = 0;
    expect((await read(`blobs/${layer}`, "HEAD")).status).toBe(404);
    expect(registry.upstream.seen).toHaveLength(1);
  });

  test("a tag that is new to the ledger is answered though its link is empty once", async () => {
    registry.tags.set("old", image.digest);
    registry.empty({ of: "old", times: 1 });
    expect((await read("manifests/old")).status).toBe(200);
  });
});

describe("an upload whose end the registry fails at", () => {
  test("is done when the blob is there", async () => {
    registry.failUploads = { times: 1, stores: true };
    const answer = await upload(Buffer.from("new"));
    expect(answer.status).toBe(201);
    const digest = digestOf(Buffer.from("new"));
    expect(answer.headers).toMatchObject({
      location: `/v2/alpha/app/blobs/${digest}`,
      "docker-content-digest": digest,
    });
  });

  test("is told so when it had not been sent whole, although the blob is there", async () => {
    const blob = image.blobs[0] ?? Buffer.alloc(0);
    registry.upstream.answerWith((req, res) => {
      if (req.method === "PUT") res.writeHead(500).end();
      else if (req.method === "HEAD") res.writeHead(200, { "Content-Length": blob.length }).end();
      else res.writeHead(202, { Location: "/v2/alpha/app/blobs/uploads/s?_state=x" }).end();
    });
    const headers = { Authorization: bearer };
    const path = "/v2/alpha/app/blobs/uploads/";
    const { location } = (await ask(gateway.url, path, { method: "POST", headers })).headers;
    const target = `${String(location)}&digest=${layer}`;
    const head = `PUT ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer}\r\n`;
    const answer = await rawExchange(gateway.port, `${head}Content-Length: 512\r\n\r\nhalf`);
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  });

  test("is told so when it is not", async () => {
    registry.failUploads = { times: 1, stores: false };
    expect((await upload(Buffer.from("new"))).status).toBe(500);
  });
});

function puts() {
  return registry.upstream.seen.filter(({ method }) => method === "PUT");
}

function put(reference: string, body: string, type = RACED_TYPE): Promise<Answer> {
  const headers = { Authorization: bearer, "Content-Type": type };
  return ask(gateway.url, `/v2/alpha/app/manifests/${reference}`, { method: "PUT", headers, body });
}

function read(path: string, method = "GET"): Promise<Answer> {
  const headers = { Authorization: bearer, Accept: RACED_TYPE };
  return ask(gateway.url, `/v2/alpha/app/${path}`, { method, headers });
}

async function upload(body: Buffer): Promise<Answer> {
  const headers = { Authorization: bearer };
  const path = "/v2/alpha/app/blobs/uploads/";
  const started = await ask(gateway.url, path, { method: "POST", headers });
  const target = `${String(started.headers.location)}&digest=${digestOf(body)}`;
  return ask(gateway.url, target, { method: "PUT", headers, body });
}

function indexOf({ digest, manifest }: RandomImage): string {
  const child = { mediaType: RACED_TYPE, digest, size: Buffer.byteLength(manifest) };
  return JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [child] });
}
