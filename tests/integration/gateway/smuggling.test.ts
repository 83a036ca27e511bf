import { describe, expect, test } from "@jest/globals";
import { useGatewayBetween } from "#tests/support/gateway-between.js";
import type { TestGateway } from "#tests/support/gateway.js";
import { answersIn, ask, errorOf, rawExchange } from "#tests/support/http-client.js";
import type { TokenAuthority } from "#tests/support/token-authority.js";
import type { UpstreamDouble } from "#tests/support/upstream-double.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const HIDDEN_TARGET = "/v2/beta/secret/manifests/1.0";
const HIDDEN = `GET ${HIDDEN_TARGET} HTTP/1.1\r\nHost: registry\r\n\r\n`;

let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;
let bearer: string;

useGatewayBetween((started) => {
  ({ authority, upstream, gateway, bearer } = started);
});

describe("a request hidden in another one's body never reaches the registry as a request", () => {
  const methods = ["GET", "HEAD", "DELETE", "PATCH", "PUT"];

  test.each(methods)("with %s and a chunked body", async (method) => {
    const chunk = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;
    await send(method, ["Transfer-Encoding: chunked"], chunk);
    expectNothingHidden();
  });

  test.each(methods)("with %s and a body whose length is named", async (method) => {
    await send(method, [`Content-Length: ${HIDDEN.length}`], HIDDEN);
    expectNothingHidden();
  });

  test.each(methods)("with %s and a length that is to be dropped on the way", async (method) => {
    const headers = [`Content-Length: ${HIDDEN.length}`, "Connection: close, content-length"];
    await send(method, headers, HIDDEN);
    expectNothingHidden();
  });

  test.each(methods)(
    "with %s and a chunked body that is to be dropped on the way",
    async (method) => {
      const chunk = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;
      await send(
        method,
        ["Transfer-Encoding: chunked", "Connection: close, transfer-encoding"],
        chunk,
      );
      expectNothingHidden();
    },
  );

  test.each(methods)("with %s to the token server", async (method) => {
    const chunk = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;
    const head = `${method} /token HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    authority.server.seen.length = 0;
    await rawExchange(gateway.port, head + chunk);
    expect(authority.server.seen.map((request) => request.target)).not.toContain(HIDDEN_TARGET);
  });

  test("and the next request on the same upstream connection gets its own answer", async () => {
    const chunk = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;
    for (const method of ["GET", "DELETE"])
      await send(method, ["Transfer-Encoding: chunked"], chunk);
    upstream.answerWith((req, res) => {
      req.resume();
      res.end(req.url);
    });
    for (let i = 0; i < 5; i += 1) {
      const target = `/v2/alpha/app/blobs/sha256:${String(i).repeat(64)}`;
      const answer = await ask(gateway.url, target, { headers: { Authorization: bearer } });
      expect(answer.body.toString()).toBe(target);
    }
  });
});

describe("what two programs could read differently is refused before the registry sees it", () => {
  test.each([
    ["a length and chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"]],
    ["two lengths", ["Content-Length: 5", "Content-Length: 6"]],
    ["a list of lengths", ["Content-Length: 5, 6"]],
    ["a negative length", ["Content-Length: -5"]],
    ["a length with a sign", ["Content-Length: +5"]],
    ["a length that is no number", ["Content-Length: 0x5"]],
    ["chunks and something else", ["Transfer-Encoding: chunked, identity"]],
    ["a folded header", ["X-One: a", " folded"]],
    ["a space before the colon", ["Transfer-Encoding : chunked"]],
    ["a null byte in a header", ["X-One: a\0b"]],
    ["a lone line feed in a header", ["X-One: a\nX-Two: b"]],
  ])("%s", async (_what, headers) => {
    const text = await send("PUT", headers, "0\r\n\r\nGET");
    const [answer] = answersIn(text);
    expect(answer?.status).toBe(400);
    expect(answer?.headers["docker-distribution-api-version"]).toBe("registry/2.0");
    expect(upstream.seen).toEqual([]);
  });

  test.each([
    "/v2/alpha/app/../../beta/secret/manifests/1.0",
    "/v2/alpha/app/%2e%2e/%2e%2e/beta/secret/manifests/1.0",
    "/v2/alpha/app/..%2f..%2fbeta/secret/manifests/1.0",
    "/v2/alpha%2Fapp%2F..%2F..%2Fbeta%2Fsecret/manifests/1.0",
    "/v2/beta%2Fsecret/manifests/1.0",
    "/v2/alpha%252Fapp/manifests/1.0",
    "/v2/alpha/app%2Fmanifests%2F1.0",
    "/v2%2Falpha/app/manifests/1.0",
    "/v2//beta/secret/manifests/1.0",
    "/v2/alpha/app//manifests/1.0",
    "/v2/alpha/app/manifests/1.0/..",
    "/v2/alpha/app/blobs/uploads/..",
    "/v2/alpha/app/blobs/uploads/.",
    "/v2/alpha\\..\\beta/manifests/1.0",
    "/v2/alpha/app/manifests/1.0%00",
    "/v2/alpha/app/manifests/1.0%0d%0aX-Evil:1",
    "/v2/alpha/app/manifests/1.0#fragment",
    "//v2/alpha/app/manifests/1.0",
    "/./v2/alpha/app/manifests/1.0",
    "/x/../v2/alpha/app/manifests/1.0",
    "/V2/alpha/app/manifests/1.0",
    "/%76%32/alpha/app/manifests/1.0",
    "http://registry/v2/alpha/app/manifests/1.0",
  ])("the path %s", async (target) => {
    const answer = await ask(gateway.url, target, { headers: { Authorization: bearer } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(upstream.seen).toEqual([]);
  });
});

describe("what goes on to the registry", () => {
  const colon = DIGEST.replace(":", "%3A");
  test.each([
    [`/v2/alpha/app/manifests/${DIGEST}?x=1`, `/v2/alpha/app/manifests/${DIGEST}`],
    [`/v2/alpha/app/blobs/${colon}?n=5`, `/v2/alpha/app/blobs/${DIGEST}`],
    [`/v2/alpha%2Fapp/blobs/${colon}`, `/v2/alpha/app/blobs/${DIGEST}`],
    [`/v2/%61lpha%2fapp/%62lobs/uploads/s%31`, "/v2/alpha/app/blobs/uploads/s1"],
    ["/v2/alpha/app/tags/list?n=5&last=b+c&&x", "/v2/alpha/app/tags/list?n=6&last=b+c"],
    [
      "/v2/alpha/app/tags/list?last=a//b?c&last=d&%6e=5",
      "/v2/alpha/app/tags/list?n=6&last=a%2F%2Fb%3Fc",
    ],
    [
      `/v2/alpha/app/blobs/uploads/s1?_state=a%2Bb%3D%3D&digest=${DIGEST}&mount=x`,
      "/v2/alpha/app/blobs/uploads/s1?_state=a%2Bb%3D%3D",
    ],
    ["/v2/alpha/app/blobs/uploads/s1?_state=&_State=x", "/v2/alpha/app/blobs/uploads/s1"],
  ])("is made from what the gateway read: %s", async (target, made) => {
    await ask(gateway.url, target, { headers: { Authorization: bearer } });
    expect(upstream.seen.map((request) => request.target)).toEqual([made]);
  });

  test("of an upload that ends is its state and its digest", async () => {
    const target = `/v2/alpha/app/blobs/uploads/s1?digest=${DIGEST}&x=1&_state=a-_%3D`;
    const headers = { Authorization: bearer };
    await ask(gateway.url, target, { method: "PUT", body: "", headers });
    expect(upstream.seen.map((request) => request.target)).toEqual([
      `/v2/alpha/app/blobs/uploads/s1?_state=a-_%3D&digest=${colon}`,
    ]);
  });

  test.each([
    ["/v2/alpha/app/tags/list?n=-1", "UNSUPPORTED"],
    ["/v2/alpha/app/tags/list?n=5%00", "UNSUPPORTED"],
    ["/v2/alpha/app/tags/list?last=a%0d%0ab", "UNSUPPORTED"],
    [`/v2/alpha/app/referrers/${DIGEST}?artifactType=%ff`, "UNSUPPORTED"],
    ["/v2/alpha/app/blobs/uploads/s1?_state=a%20b", "BLOB_UPLOAD_INVALID"],
  ])("has no parameter that is not of its form: %s", async (target, code) => {
    const answer = await ask(gateway.url, target, { headers: { Authorization: bearer } });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).code).toBe(code);
    expect(upstream.seen).toEqual([]);
  });

  test("says in its token which single request it is", async () => {
    await ask(gateway.url, "/v2/alpha/app/tags/list", { headers: { Authorization: bearer } });
    expect(upstream.seen[0]?.headers.authorization).toBe("Bearer alice repository:alpha/app:pull");
  });
});

/** Sends one request that ends with the connection, and reads all that comes back. */
function send(method: string, headers: readonly string[], body: string): Promise<string> {
  const target =
    method === "GET" || method === "HEAD"
      ? "/v2/alpha/app/tags/list"
      : "/v2/alpha/app/blobs/uploads/s1";
  const closing = headers.some((line) => /^connection:/i.test(line)) ? [] : ["Connection: close"];
  const head = [
    `${method} ${target} HTTP/1.1`,
    "Host: gateway",
    `Authorization: ${bearer}`,
    ...closing,
    ...headers,
  ];
  return rawExchange(gateway.port, `${head.join("\r\n")}\r\n\r\n${body}`);
}

function expectNothingHidden(): void {
  expect(upstream.seen.map((request) => request.target)).not.toContain(HIDDEN_TARGET);
  expect(upstream.seen.length).toBeLessThanOrEqual(1);
}
