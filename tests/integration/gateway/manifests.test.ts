import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import type { TagState } from "#tag-policy/decide-tag-write.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, rawExchange, type Answer } from "#tests/support/http-client.js";
import { type StartedLedger, startLedger } from "#tests/support/ledger.js";
import { EMPTY_CONFIG, imageText } from "#tests/support/manifest-texts.js";
import { manifestRegistry, type ManifestRegistry } from "#tests/support/manifest-registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import {
  bodyOf,
  replyWith,
  startUpstream,
  type UpstreamDouble,
} from "#tests/support/upstream-double.js";

const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
const PATH = "/v2/alpha/app/manifests/1.0";
const MANIFEST = `${imageText({ made: "by hand" }).replace("{", "{ ")}\n`;
const DIGEST = digestOf(Buffer.from(MANIFEST));
const MIB = 1024 * 1024;

let ledger: StartedLedger;
let db: Database;
let authority: TokenAuthority;
let upstream: UpstreamDouble;
let registry: ManifestRegistry;
let gateways: TestGateway[];
let bearer: string;

beforeAll(async () => {
  ledger = await startLedger();
  ({ db } = ledger);
  authority = await startTokenAuthority();
  upstream = await startUpstream();
  const urls = { registryUrl: upstream.url, tokenServerUrl: authority.server.url };
  gateways = await Promise.all(
    [1, 2, 3].map(() =>
      startGateway({ ...urls, db: ledger.open({ connections: 6 }), hears: ledger.config }),
    ),
  );
  bearer = await authority.bearer(["pull", "push"]);
});
beforeEach(async () => {
  await ledger.clear();
  registry = manifestRegistry();
  upstream.answerWith(registry.handler);
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await upstream.stop();
  await authority.server.stop();
  await ledger.stop();
});

describe("a manifest that is pushed under a tag", () => {
  test("reaches the registry byte for byte, and its answer the client", async () => {
    const answer = await push(MANIFEST);
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({
      location: `/v2/alpha/app/manifests/${DIGEST}`,
      "docker-content-digest": DIGEST,
    });
    // The tag is new to the ledger, so the registry is asked first whether it has it.
    expect(upstream.seen).toMatchObject([
      { method: "HEAD", target: PATH },
      { method: "PUT", target: PATH, body: MANIFEST },
    ]);
    expect(upstream.seen[1]?.headers["content-type"]).toBe(MEDIA_TYPE);
    expect(upstream.seen[1]?.headers.authorization).toBe(
      "Bearer alice repository:alpha/app:pull,push",
    );
    expect(await stateOf("1.0")).toMatchObject({ kind: "held", digest: DIGEST, by: "alice" });
  });

  test("again with the same content succeeds", async () => {
    await push(MANIFEST);
    const again = await push(MANIFEST);
    expect(again.status).toBe(201);
    expect(again.headers["docker-content-digest"]).toBe(DIGEST);
  });

  test("again with other content is refused 409, says what is held, and never reaches the registry", async () => {
    await push(MANIFEST);
    upstream.seen.length = 0;
    const answer = await push(`${MANIFEST} `);
    expect(answer.status).toBe(409);
    expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
    expect(errorOf(answer)).toMatchObject({
      code: "DENIED",
      message: "tag already exists; same content, other key order",
      detail: { digest: DIGEST, pushedBy: "alice", rule: "immutable" },
    });
    expect(upstream.seen).toEqual([]);
  });

  test("that was refused has the reason in the status line, and no word that a user wrote", async () => {
    await push(MANIFEST);
    const body = `${MANIFEST} `;
    const head = [
      `PUT ${PATH} HTTP/1.1`,
      "Host: r",
      `Authorization: ${bearer}`,
      `Content-Type: ${MEDIA_TYPE}`,
      `Content-Length: ${body.length}`,
      "Connection: close",
    ];
    const text = await rawExchange(gateways[0]?.port ?? 0, `${head.join("\r\n")}\r\n\r\n${body}`);
    expect(text.split("\r\n")[0]).toBe("HTTP/1.1 409 Conflict: tag already exists");
  });

  test("that was refused has Pier One's code where that is set, and says the same", async () => {
    const gateway = await startGateway({
      ...{ registryUrl: upstream.url, tokenServerUrl: authority.server.url },
      ...{ db, tagRefusalCode: "TAG_INVALID" },
    });
    try {
      await push(MANIFEST);
      const headers = { Authorization: bearer, "Content-Type": MEDIA_TYPE };
      const put = (path: string) =>
        ask(gateway.url, path, { method: "PUT", body: `${MANIFEST} `, headers });
      const held = errorOf(await put(PATH));
      expect(held).toMatchObject({
        code: "TAG_INVALID",
        message: "tag already exists; same content, other key order",
        detail: { digest: DIGEST, pushedBy: "alice", rule: "immutable" },
      });
      expect(errorOf(await put("/v2/alpha/app/manifests/latest")).code).toBe("TAG_INVALID");
    } finally {
      await gateway.stop();
    }
  });

  test("that was refused stands in the audit log, with who wanted it from where and what is held", async () => {
    await push(MANIFEST);
    const other = `${MANIFEST} `;
    await push(other, "1.0", { "User-Agent": "docker/28.2" });
    const [stored, refused, ...more] = await ledger.audited();
    expect(stored).toMatchObject({ action: "tag.pushed", tag: "1.0", digest: DIGEST });
    expect(refused).toMatchObject({
      action: "tag.refused",
      actor: {
        uid: "alice",
        realm: "/employees",
        kind: "oauth2",
        address: "127.0.0.1",
        userAgent: "docker/28.2",
      },
      repository: "alpha/app",
      tag: "1.0",
      digest: digestOf(Buffer.from(other)),
      reason: "tag-held",
      detail: { rule: "immutable", held: DIGEST },
    });
    expect(refused?.actor.requestId).not.toBe("");
    expect(more).toEqual([]);
  });

  test("named latest is refused 409", async () => {
    const answer = await push(MANIFEST, "latest");
    expect(answer.status).toBe(409);
    expect(errorOf(answer).code).toBe("DENIED");
    expect(upstream.seen).toEqual([]);
  });

  test("of exactly 4 MiB is taken", async () => {
    const part = "x".repeat(MIB - 100);
    const head = imageText({ pad: Array<string>(4).fill(part) });
    expect((await push(head.padEnd(4 * MIB))).status).toBe(201);
  });

  test.each([
    ["announced", {}],
    ["in chunks", { "Transfer-Encoding": "chunked" }],
  ])("of more than 4 MiB, %s, is refused 413 and leaves no trace", async (_what, headers) => {
    const answer = await push("x".repeat(4 * MIB + 1), "1.0", headers);
    expect(answer.status).toBe(413);
    expect(errorOf(answer).code).toBe("DENIED");
    expect(upstream.seen).toEqual([]);
    expect(await stateOf("1.0")).toEqual({ kind: "free" });
  });

  test("whose body is cut off half-way leaves no trace, neither here nor at the registry", async () => {
    const socket = connect(gateways[0]?.port ?? 0, "127.0.0.1");
    await once(socket, "connect");
    const head = [
      `PUT ${PATH} HTTP/1.1`,
      "Host: gateway",
      `Authorization: ${bearer}`,
      "Content-Length: 1000",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n{"half":`);
    socket.end();
    await once(socket.resume(), "close");
    await eventually("the request is over", async () =>
      /manifest.put-by-tag",method="PUT",status="(?:400|aborted)"/.test(
        (await gateways[0]?.metrics()) ?? "",
      ),
    );
    expect(upstream.seen).toEqual([]);
    expect(await stateOf("1.0")).toEqual({ kind: "free" });
  });

  test("that the registry would not have is answered as the registry did, and the tag stays free", async () => {
    const body = '{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid"}]}';
    const refuse = replyWith(400, { "Content-Type": "application/json" }, body);
    upstream.answerWith((req, res, seen) =>
      (req.method === "PUT" ? refuse : registry.handler)(req, res, seen),
    );
    const answer = await push(MANIFEST);
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toBe(body);
    expect(await stateOf("1.0")).toEqual({ kind: "free" });
  });

  test.each(["", "{broken", "null", "7", "[]", "{}", '{"schemaVersion":3}'])(
    "that is none is refused and never reaches the registry: %s",
    async (body) => {
      const answer = await push(body);
      expect(answer.status).toBe(400);
      expect(errorOf(answer).code).toBe("MANIFEST_INVALID");
      expect(upstream.seen).toEqual([]);
      expect(await stateOf("1.0")).toEqual({ kind: "free" });
    },
  );

  test.each([
    ["a layer's", imageText({ layers: [{ ...EMPTY_CONFIG, digest: "x:y" }] })],
    ["a configuration's", imageText({ config: { ...EMPTY_CONFIG, digest: "sha256:abc" } })],
  ])("with a digest that is none, %s, is refused with that digest", async (_what, body) => {
    const answer = await push(body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringMatching(
        /"digest" in (?:layers\[0\]|config) is none: "(?:x:y|sha256:abc)"$/,
      ),
    });
    expect(upstream.seen).toEqual([]);
    expect(await stateOf("1.0")).toEqual({ kind: "free" });
  });

  test("whose answer was lost after the registry had stored it is acknowledged", async () => {
    upstream.answerWith(async (req, res, seen) => {
      if (req.method !== "PUT") return registry.handler(req, res, seen);
      await bodyOf(req, seen);
      registry.write("alpha/app", "1.0", seen.body);
      res.socket?.resetAndDestroy();
    });
    const answer = await push(MANIFEST);
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({
      location: `/v2/alpha/app/manifests/${DIGEST}`,
      "docker-content-digest": DIGEST,
    });
    expect(await stateOf("1.0")).toMatchObject({ kind: "held", digest: DIGEST });
  });

  test.each([500, 502, 503])(
    "to a registry that answers %i and has stored nothing is answered 503, and the tag stays free",
    async (status) => {
      upstream.answerWith(async (req, res, seen) => {
        await bodyOf(req, seen);
        res.writeHead(req.method === "PUT" ? status : 404).end();
      });
      const answer = await push(MANIFEST);
      expectUnavailable(answer);
      expect(await stateOf("1.0")).toEqual({ kind: "free" });
      upstream.answerWith(registry.handler);
      expect((await push(MANIFEST)).status).toBe(201);
    },
  );
});

test("a manifest has a validator once it is stored, and none while the registry refuses it", async () => {
  upstream.answerWith(async (req, res, seen) => {
    await bodyOf(req, seen);
    res.writeHead(req.method === "PUT" ? 400 : 404).end("{}");
  });
  const refused = await push(MANIFEST);
  expect([refused.status, refused.headers.etag]).toEqual([400, undefined]);
  upstream.answerWith(registry.handler);
  for (const stored of [await push(MANIFEST), await push(MANIFEST)])
    expect([stored.status, stored.headers.etag]).toEqual([201, `"${DIGEST}"`]);
});

describe("a manifest that is pushed by digest", () => {
  test("is never refused for a tag's sake, and ?tag= is no way round the ledger", async () => {
    await push(`${MANIFEST} `);
    upstream.seen.length = 0;
    const target = `/v2/alpha/app/manifests/${DIGEST}`;
    expect((await put(`${target}?tag=1.0`, MANIFEST)).status).toBe(409);
    expect(upstream.seen.filter(({ method }) => method === "PUT")).toEqual([]);
    expect((await put(target, MANIFEST)).status).toBe(201);
    expect(await stateOf("1.0")).toMatchObject({ digest: digestOf(Buffer.from(`${MANIFEST} `)) });
  });

  test("under several tags is written at the registry under each", async () => {
    const byDigest = `/v2/alpha/app/manifests/${DIGEST}`;
    expect((await put(`${byDigest}?tag=0.9&tag=1.0&tag=1.1`, MANIFEST)).status).toBe(201);
    const written = upstream.seen
      .filter(({ method }) => method === "PUT")
      .map(({ target }) => target);
    expect(written.sort()).toEqual(
      ["0.9", "1.0", "1.1"].map((tag) => `/v2/alpha/app/manifests/${tag}`),
    );
  });

  test("under several tags is refused as the one that may not be written is, and writes none", async () => {
    await push(`${MANIFEST} `);
    const alone = await put(`/v2/alpha/app/manifests/${DIGEST}?tag=1.0`, MANIFEST);
    const answer = await put(`/v2/alpha/app/manifests/${DIGEST}?tag=0.9&tag=1.0`, MANIFEST);
    expect([answer.status, errorOf(answer)]).toEqual([409, errorOf(alone)]);
    expect(await stateOf("0.9")).toEqual({ kind: "free" });
  });

  test("is on record and announced when it is new to the repository, and not again", async () => {
    const target = `/v2/alpha/app/manifests/${DIGEST}`;
    for (let i = 0; i < 2; i += 1) expect((await put(target, MANIFEST)).status).toBe(201);
    const audited = await ledger.audited();
    expect(audited).toMatchObject([
      {
        action: "manifest.pushed",
        actor: { uid: "alice" },
        repository: "alpha/app",
        tag: null,
        digest: DIGEST,
        detail: { change: "new" },
      },
    ]);
  });

  test("is not on record again when a tag of the repository brought it", async () => {
    await push(MANIFEST);
    await put(`/v2/alpha/app/manifests/${DIGEST}`, MANIFEST);
    expect((await ledger.audited()).map(({ action }) => action)).toEqual(["tag.pushed"]);
  });

  test("is on record in one entry, however many push it at once", async () => {
    const target = `/v2/alpha/app/manifests/${DIGEST}`;
    const answers = await Promise.all(Array.from({ length: 16 }, () => put(target, MANIFEST)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(await ledger.audited()).toHaveLength(1);
  });

  test("that is not its own is refused and never reaches the registry", async () => {
    const answer = await put(`/v2/alpha/app/manifests/${DIGEST}`, `${MANIFEST} `);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).code).toBe("DIGEST_INVALID");
    expect(upstream.seen).toEqual([]);
  });

  test("to a registry that is away is answered 503", async () => {
    upstream.answerWith((req) => {
      req.socket.resetAndDestroy();
    });
    expectUnavailable(await put(`/v2/alpha/app/manifests/${DIGEST}`, MANIFEST));
  });
});

describe("latest", () => {
  test("is answered with the manifest of the tag that was pushed last", async () => {
    await push(MANIFEST, "2.0");
    await push(`${MANIFEST} `, "1.0");
    upstream.seen.length = 0;
    for (const method of ["GET", "HEAD"])
      await ask(url(), "/v2/alpha/app/manifests/latest", { method, headers: asAlice() });
    const target = `/v2/alpha/app/manifests/${digestOf(Buffer.from(`${MANIFEST} `))}`;
    expect(upstream.seen).toMatchObject([
      { method: "GET", target },
      { method: "HEAD", target },
    ]);
  });

  test("is unknown in a repository without pushes", async () => {
    // Another test's is remembered for a second.
    for (const gateway of gateways) gateway.remembered.missed();
    const answer = await ask(url(), "/v2/alpha/app/manifests/latest", { headers: asAlice() });
    expect(answer.status).toBe(404);
    expect(errorOf(answer).code).toBe("MANIFEST_UNKNOWN");
  });
});

describe("while the database is away", () => {
  test("pushes are answered 503 and never reach the registry, pulls go on", async () => {
    const alone = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: authority.server.url,
    });
    const refused = await ask(alone.url, PATH, {
      method: "PUT",
      body: MANIFEST,
      headers: asAlice(),
    });
    expectUnavailable(refused);
    expect(upstream.seen).toEqual([]);
    upstream.answerWith(replyWith(200, {}, MANIFEST));
    const pulled = await ask(alone.url, `/v2/alpha/app/manifests/${DIGEST}`, {
      headers: asAlice(),
    });
    expect(pulled.body.toString()).toBe(MANIFEST);
    await alone.stop();
  });
});

describe("three gateways on one ledger", () => {
  test("let exactly one of 60 racing pushes of one tag through", async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => put(PATH, imageText({ number: i }), {}, i)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array<number>(59).fill(409)]);
    const stored = upstream.seen.filter(({ method }) => method === "PUT");
    expect(stored).toHaveLength(1);
    expect(await stateOf("1.0")).toMatchObject({
      kind: "held",
      digest: digestOf(Buffer.from(stored[0]?.body ?? "")),
    });
  });

  test("let all of 30 racing pushes of the same content through", async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => put(PATH, MANIFEST, {}, i)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(201));
  });
});

function push(body: string, tag = "1.0", headers: Record<string, string> = {}): Promise<Answer> {
  return put(`/v2/alpha/app/manifests/${tag}`, body, headers);
}

function put(
  target: string,
  body: string,
  headers: Record<string, string> = {},
  gateway = 0,
): Promise<Answer> {
  return ask(url(gateway), target, { method: "PUT", body, headers: { ...asAlice(), ...headers } });
}

function asAlice(): Record<string, string> {
  return { Authorization: bearer, "Content-Type": MEDIA_TYPE };
}

function url(gateway = 0): string {
  return gateways[gateway % gateways.length]?.url ?? "";
}

function stateOf(tag: string): Promise<TagState> {
  return readTagState(db, { repository: parseRepositoryName("alpha/app"), tag: parseTag(tag) });
}

function expectUnavailable(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
  expect(errorOf(answer).code).toBe("UNAVAILABLE");
}
