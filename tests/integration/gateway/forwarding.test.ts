import { describe, expect, test } from "@jest/globals";
import { useGatewayBetween } from "#tests/support/gateway-between.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer, type AskOptions } from "#tests/support/http-client.js";
import type { TokenAuthority } from "#tests/support/token-authority.js";
import {
  replyWith,
  startUpstream,
  takeAll,
  type SeenRequest,
  type UpstreamDouble,
} from "#tests/support/upstream-double.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const BLOB = `/v2/alpha/app/blobs/${DIGEST}`;
const UPLOAD = "/v2/alpha/app/blobs/uploads/s1";

let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;
let bearer: string;

useGatewayBetween((started) => {
  ({ authority, upstream, gateway, bearer } = started);
});

describe("what the registry is told", () => {
  test("is what this kind of request has, and nothing else that the client said", async () => {
    await through(UPLOAD, {
      method: "PATCH",
      body: "layer",
      headers: {
        "Content-Type": "application/octet-stream",
        "Content-Range": "0-4",
        Accept: "a/b, c/d",
        "User-Agent": "docker/28.2",
        "Content-Encoding": "gzip",
        "X-Own": "dropped",
      },
    });
    expect(only()).toMatchObject({ method: "PATCH", target: UPLOAD, body: "layer" });
    expect(only().headers).toEqual({
      authorization: "Bearer alice repository:alpha/app:pull,push",
      connection: "close",
      "content-type": "application/octet-stream",
      "content-length": "5",
      "content-range": "0-4",
      "user-agent": "docker/28.2",
      "x-forwarded-for": "127.0.0.1",
      "x-request-id": expect.any(String),
      // What the registry prints of a request.
      referer: `request-id:${String(only().headers["x-request-id"])}`,
      host: `127.0.0.1:${upstream.port}`,
    });
  });

  test.each([
    [`/v2/alpha/app/manifests/${DIGEST}`, ["accept", "if-none-match"]],
    [BLOB, ["accept", "if-none-match", "if-range", "range"]],
    [UPLOAD, []],
  ])("are the headers that %s has", async (target, wanted) => {
    const access = [
      { type: "registry", name: "catalog", actions: ["*"] },
      { type: "repository", name: "alpha/app", actions: ["pull", "push"] },
    ] as const;
    const headers = {
      Authorization: `Bearer ${await authority.sign({ access })}`,
      Accept: "a/b, c/d",
      "Content-Type": "application/x-www-form-urlencoded",
      "If-None-Match": '"x"',
      "If-Range": '"x"',
      Range: "bytes=0-1",
      "X-Own": "dropped",
    };
    await ask(gateway.url, target, { headers });
    const ours = [
      "authorization",
      "connection",
      "host",
      "referer",
      "x-forwarded-for",
      "x-request-id",
    ];
    expect(Object.keys(only().headers).sort()).toEqual([...ours, ...wanted].sort());
  });

  test.each([
    ["Accept", "a/b\xe4"],
    ["Accept", `${"a/b, ".repeat(2_000)}a/b`],
    ["Range", "bytes=0-1\xe4"],
  ])("is no header that two programs could read differently: %s", async (name, value) => {
    const answer = await through(BLOB, { headers: { [name]: value } });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain(name);
    expect(upstream.seen).toEqual([]);
  });

  test("names a client's program in printable characters, and not without end", async () => {
    await through(BLOB, { headers: { "User-Agent": `d\xf6cker/${"1".repeat(1_000)}` } });
    expect(only().headers["user-agent"]).toBe(`d?cker/${"1".repeat(193)}`);
  });

  test("holds nothing that a client could use to pose as somebody else", async () => {
    await through(BLOB, {
      headers: {
        Cookie: "session=1",
        Forwarded: "for=203.0.113.9",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "X-Real-IP": "203.0.113.9",
      },
    });
    const { headers } = only();
    for (const name of [
      "cookie",
      "forwarded",
      "x-forwarded-host",
      "x-forwarded-proto",
      "x-real-ip",
    ])
      expect(headers).not.toHaveProperty(name);
    expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(headers.authorization).toBe("Bearer alice repository:alpha/app:pull");
  });

  test("holds nothing that speaks of the client's own connection", async () => {
    await through(BLOB, {
      headers: {
        Connection: "close, X-Hop",
        "X-Hop": "1",
        "Keep-Alive": "timeout=5",
        TE: "trailers",
      },
    });
    for (const name of ["x-hop", "keep-alive", "te"])
      expect(only().headers).not.toHaveProperty(name);
  });

  test("is a chunked body when the client sends one", async () => {
    await through(UPLOAD, {
      method: "PATCH",
      body: "layer",
      headers: { "Transfer-Encoding": "chunked" },
    });
    expect(only()).toMatchObject({ body: "layer", complete: true });
    expect(only().headers["transfer-encoding"]).toBe("chunked");
  });

  test("is an empty body as such", async () => {
    await through("/v2/alpha/app/blobs/uploads/", { method: "POST", body: "" });
    expect(only()).toMatchObject({ received: 0, complete: true });
    expect(only().headers["content-length"]).toBe("0");
  });
});

describe("what the client is told", () => {
  test("is the registry's status, headers and body as they are", async () => {
    const body = '{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}';
    const headers = {
      "Content-Type": "application/json",
      "Docker-Content-Digest": DIGEST,
      ETag: '"x"',
    };
    upstream.answerWith(replyWith(404, headers, body));
    const answer = await through(BLOB);
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).toBe(body);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json",
      "docker-content-digest": DIGEST,
      etag: '"x"',
    });
  });

  test("has the reason of the token server in its status line, and not that of the registry", async () => {
    const reason = "Unauthorized: the refresh token has ended";
    upstream.answerWith((_req, res) => {
      res.writeHead(401, reason, { "Content-Type": "application/json" }).end("{}");
      return Promise.resolve();
    });
    const own = await startGateway({ registryUrl: upstream.url, tokenServerUrl: upstream.url });
    try {
      const answer = await fetch(`${own.url}/token?service=wharfinger`);
      expect([answer.status, answer.statusText]).toEqual([401, reason]);
    } finally {
      await own.stop();
    }
    upstream.answerWith((_req, res) => {
      res.writeHead(404, "of the registry").end("{}");
      return Promise.resolve();
    });
    const headers = { Authorization: await authority.bearer(["pull"]) };
    const answer = await fetch(`${gateway.url}${BLOB}`, { headers });
    expect([answer.status, answer.statusText]).toEqual([404, "Not Found"]);
  });

  test("is not the registry's own challenge, request id or connection", async () => {
    const headers = {
      "WWW-Authenticate": 'Bearer realm="http://inside"',
      "X-Request-Id": "theirs",
      "Docker-Distribution-Api-Version": "registry/9",
      "Keep-Alive": "timeout=99",
    };
    upstream.answerWith(replyWith(403, headers));
    const answer = await through(BLOB);
    expect(answer.headers).not.toHaveProperty("www-authenticate");
    expect(answer.headers["x-request-id"]).toBe(only().headers["x-request-id"]);
    expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
    expect(answer.headers["keep-alive"]).not.toBe("timeout=99");
  });

  test.each([
    [
      "at the registry leads back through the gateway",
      () => `${upstream.url}${UPLOAD}?_state=a%3D`,
      `${UPLOAD}?_state=a%3D`,
    ],
    ["that is a path stays one", () => `${UPLOAD}?_state=a%3D`, `${UPLOAD}?_state=a%3D`],
  ])("a Location %s", async (_what, location, wanted) => {
    upstream.answerWith(replyWith(202, { Location: location(), Range: "0-0" }));
    const answer = await through("/v2/alpha/app/blobs/uploads/", { method: "POST", body: "" });
    expect(answer.status).toBe(202);
    expect(answer.headers.location).toBe(wanted);
    expect(answer.headers["range"]).toBe("0-0");
  });

  test("a redirect to a storage elsewhere is passed on untouched and not followed", async () => {
    const storage = "https://bucket.s3.example/blobs/ab?X-Amz-Signature=a%2Fb&x=1";
    upstream.answerWith(replyWith(307, { Location: storage }));
    const answer = await through(BLOB);
    expect(answer.status).toBe(307);
    expect(answer.headers.location).toBe(storage);
    expect(upstream.seen).toHaveLength(1);
  });

  test("a HEAD is answered with the length of what a GET would give, and no body", async () => {
    upstream.answerWith((req, res) => {
      res.writeHead(200, { "Content-Length": "123456789", "Docker-Content-Digest": DIGEST }).end();
      req.resume();
    });
    const answer = await through(BLOB, { method: "HEAD" });
    expect(only().method).toBe("HEAD");
    expect(answer.headers["content-length"]).toBe("123456789");
    expect(answer.headers["docker-content-digest"]).toBe(DIGEST);
    expect(answer.body).toHaveLength(0);
  });

  test("a part of a blob is asked for and answered as a part", async () => {
    upstream.answerWith((req, res) => {
      const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? "") ?? []).map(
        Number,
      );
      const part = "0123456789".slice(from, to + 1);
      res.writeHead(206, {
        "Content-Range": `bytes ${from}-${to}/10`,
        "Content-Length": part.length,
      });
      res.end(part);
    });
    const answer = await through(BLOB, { headers: { Range: "bytes=2-5" } });
    expect(answer.status).toBe(206);
    expect(answer.headers["content-range"]).toBe("bytes 2-5/10");
    expect(answer.body.toString()).toBe("2345");
  });

  test("a part that there is not is answered 416, whatever the registry announces of it", async () => {
    upstream.answerWith(
      replyWith(416, { "Content-Range": "bytes */10", "Content-Type": "text/plain" }),
    );
    const answer = await through(BLOB, { headers: { Range: "bytes=20-30" } });
    expect(answer.status).toBe(416);
    expect(answer.headers["content-range"]).toBe("bytes */10");
  });

  test("a 304 to a conditional request is passed on", async () => {
    upstream.answerWith(replyWith(304, { ETag: '"x"' }));
    const answer = await through(BLOB, { headers: { "If-None-Match": '"x"' } });
    expect(answer.status).toBe(304);
    expect(only().headers["if-none-match"]).toBe('"x"');
  });

  test("a chunked answer arrives whole", async () => {
    upstream.answerWith((_req, res) => {
      res.writeHead(200);
      for (let i = 0; i < 100; i += 1) res.write(`part ${i};`);
      res.end("end");
    });
    const answer = await through(BLOB);
    expect(answer.body.toString()).toMatch(/^part 0;.*part 99;end$/);
  });
});

describe("when the registry cannot be used", () => {
  test("and does not take our token, the client is told to try again, not to log in", async () => {
    upstream.answerWith(replyWith(401, { "WWW-Authenticate": 'Bearer realm="http://inside"' }));
    const answer = await through(BLOB);
    expectUnavailable(answer);
    expect(answer.headers).not.toHaveProperty("www-authenticate");
  });

  test.each([
    ["pulls", BLOB, {}],
    ["uploads", UPLOAD, { method: "PATCH", body: "layer" }],
    ["the list of tags", "/v2/alpha/app/tags/list", {}],
  ])(
    "since nobody listens, %s are answered 503 with Retry-After",
    async (_what, target, options) => {
      const gone = await startUpstream();
      const other = await startGateway({
        registryUrl: gone.url,
        tokenServerUrl: authority.server.url,
      });
      await gone.stop();
      const answer = await ask(other.url, target, {
        ...options,
        headers: { Authorization: bearer },
      });
      expectUnavailable(answer);
      await other.stop();
    },
  );

  test("since it hangs up without an answer, the client is answered 503", async () => {
    upstream.answerWith((req) => {
      req.socket.destroy();
    });
    expectUnavailable(await through(BLOB));
  });

  test("since it answers something that is no HTTP, the client is answered 503", async () => {
    upstream.answerWith((req) => {
      req.socket.end("SSH-2.0-OpenSSH\r\n");
    });
    expectUnavailable(await through(BLOB));
  });

  test("its errors of the 5xx family are passed on as they are for pulls", async () => {
    upstream.answerWith(replyWith(500, {}, '{"errors":[{"code":"UNKNOWN"}]}'));
    const answer = await through(BLOB);
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).toContain("UNKNOWN");
  });

  test("and is back, requests go on", async () => {
    upstream.answerWith((req) => {
      req.socket.destroy();
    });
    await through(BLOB);
    upstream.answerWith(takeAll);
    expect((await through(BLOB)).status).toBe(200);
  });
});

describe("mounts from another repository", () => {
  const target = `/v2/alpha/app/blobs/uploads/?mount=${DIGEST}&from=beta/secret`;
  const made = `/v2/alpha/app/blobs/uploads/?mount=${encodeURIComponent(DIGEST)}&from=beta%2Fsecret`;

  test("that the client may read go on, with the right to read it", async () => {
    const token = await authority.sign({
      access: [
        { type: "repository", name: "alpha/app", actions: ["pull", "push"] },
        { type: "repository", name: "beta/secret", actions: ["pull"] },
      ],
    });
    await ask(gateway.url, target, {
      method: "POST",
      body: "",
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(only().target).toBe(made);
    expect(only().headers.authorization).toBe(
      "Bearer alice repository:alpha/app:pull,push repository:beta/secret:pull",
    );
  });

  test("that the client may not read become plain uploads", async () => {
    upstream.answerWith(replyWith(202, { Location: UPLOAD }));
    const answer = await through(target, { method: "POST", body: "" });
    expect(answer.status).toBe(202);
    expect(only().target).toBe("/v2/alpha/app/blobs/uploads/");
    expect(only().headers.authorization).toBe("Bearer alice repository:alpha/app:pull,push");
  });

  test.each([
    `?mount=${DIGEST}`,
    "?from=beta/secret",
    `?mount=${DIGEST}&from=alpha/app&from=beta/secret`,
    `?from=beta/secret&mount=${DIGEST}&mount=${DIGEST}`,
    `?mount=${DIGEST}&from=beta%2Fsecret`,
    `?%6dount=${DIGEST}&fro%6d=beta/secret`,
    `?mount=${DIGEST}&from=beta/../beta/secret`,
  ])("that are not plain become plain uploads: %s", async (query) => {
    await through(`/v2/alpha/app/blobs/uploads/${query}`, { method: "POST", body: "" });
    expect(only().target).toBe("/v2/alpha/app/blobs/uploads/");
  });

  test("keep what else was asked", async () => {
    await through(`${target}&x=1&digest=${DIGEST}`, { method: "POST", body: "" });
    expect(only().target).toBe(`/v2/alpha/app/blobs/uploads/?digest=${encodeURIComponent(DIGEST)}`);
  });

  test("spelled in a way that only the registry might understand are not granted there", async () => {
    await through(`/v2/alpha/app/blobs/uploads/?a=1;mount=${DIGEST};from=beta/secret`, {
      method: "POST",
      body: "",
    });
    expect(only().headers.authorization).toBe("Bearer alice repository:alpha/app:pull,push");
  });
});

describe("a form as the body of a new upload", () => {
  const FIELDS = `mount=${DIGEST}&from=beta/secret`;

  test.each(["application/x-www-form-urlencoded", "Multipart/Form-Data; boundary=x"])(
    "is bytes to the registry, not parameters: %s",
    async (type) => {
      const headers = { "Content-Type": type };
      await through("/v2/alpha/app/blobs/uploads/", { method: "POST", body: FIELDS, headers });
      expect(only().headers["content-type"]).toBeUndefined();
      expect(only().body).toBe(FIELDS);
    },
  );

  test("is named bytes when the client names it so", async () => {
    const headers = { "Content-Type": "application/octet-stream" };
    await through("/v2/alpha/app/blobs/uploads/", { method: "POST", body: "x", headers });
    expect(only().headers["content-type"]).toBe("application/octet-stream");
  });
});

function through(target: string, { headers = {}, ...options }: AskOptions = {}): Promise<Answer> {
  return ask(gateway.url, target, { ...options, headers: { Authorization: bearer, ...headers } });
}

function only(): SeenRequest {
  const [first, ...others] = upstream.seen;
  if (first === undefined || others.length > 0)
    throw new Error(`the upstream saw ${upstream.seen.length} requests`);
  return first;
}

function expectUnavailable(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
  expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
  expect(errorOf(answer).code).toBe("UNAVAILABLE");
}
