import { describe, expect, test } from "@jest/globals";
import { framingOf } from "#gateway/upstream/client-framing.js";
import type { MadeMethod } from "#gateway/upstream/made-request.js";
import { wireHeaders } from "#gateway/upstream/made-request.js";
import { registryRequest, takesBody } from "#gateway/upstream/registry-request.js";
import type { StockRequest } from "#gateway/upstream/registry-target.js";
import { splitTarget } from "#registry-protocol/path.js";
import { parseRegistryRequest } from "#registry-protocol/request.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const FACTS = { clientAddress: "192.0.2.7", requestId: "r-1", authorization: "Bearer ours" };
const OURS = {
  "X-Forwarded-For": "192.0.2.7",
  "X-Request-Id": "r-1",
  Referer: "request-id:r-1",
  Authorization: "Bearer ours",
};

/** Every header that could go on, and what must not. */
const ALL_HEADERS = {
  accept: "a/b",
  range: "bytes=0-1",
  "if-range": '"x"',
  "if-match": '"x"',
  "if-none-match": '"x"',
  "if-modified-since": "x",
  "if-unmodified-since": "x",
  "content-type": "application/octet-stream",
  "content-range": "0-1",
  authorization: "Bearer stolen",
  connection: "x-secret",
  cookie: "evil",
  expect: "100-continue",
  forwarded: "for=203.0.113.9",
  host: "evil",
  te: "trailers",
  trailer: "x",
  "transfer-encoding": "chunked",
  upgrade: "h2c",
  "x-forwarded-for": "203.0.113.9",
  "x-forwarded-host": "evil",
  "x-forwarded-proto": "https",
  "x-http-method-override": "DELETE",
  "x-original-url": "/v2/",
  "x-real-ip": "203.0.113.9",
  "x-request-id": "spoofed",
};
const CONDITIONS = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

describe("a request to the registry", () => {
  test.each([
    ["GET", "/v2/_catalog?n=2&last=a%2Fb&x=1", "/v2/_catalog?n=2&last=a%2Fb", ["Accept"]],
    ["HEAD", "/v2/a/tags/list?last=1.0", "/v2/a/tags/list?last=1.0", ["Accept"]],
    ["GET", `/v2/a/referrers/${DIGEST}`, `/v2/a/referrers/${DIGEST}`, ["Accept"]],
    ["GET", "/v2/a/manifests/1.0?n=1", "/v2/a/manifests/1.0", ["Accept", ...CONDITIONS]],
    [
      "GET",
      `/v2/a/blobs/${DIGEST}`,
      `/v2/a/blobs/${DIGEST}`,
      ["Accept", "Range", "If-Range", ...CONDITIONS],
    ],
    ["HEAD", `/v2/a/blobs/${DIGEST}`, `/v2/a/blobs/${DIGEST}`, ["Accept", ...CONDITIONS]],
    ["POST", "/v2/a/blobs/uploads", "/v2/a/blobs/uploads/", ["Content-Type"]],
    [
      "PATCH",
      "/v2/a/blobs/uploads/s?_state=x&digest=y",
      "/v2/a/blobs/uploads/s?_state=x",
      ["Content-Range", "Content-Type"],
    ],
    ["GET", "/v2/a/blobs/uploads/s?_state=x&n=1", "/v2/a/blobs/uploads/s?_state=x", []],
    ["DELETE", "/v2/a/blobs/uploads/s?_state=x", "/v2/a/blobs/uploads/s?_state=x", []],
  ] as const)("%s %s has this target and these headers", (method, target, wanted, headers) => {
    const made = make(method, target, ALL_HEADERS);
    expect(made.target).toBe(wanted);
    const taken = headers.map((name) => [
      name,
      ALL_HEADERS[name.toLowerCase() as keyof typeof ALL_HEADERS],
    ]);
    expect(made.headers).toEqual({ ...OURS, ...Object.fromEntries(taken) });
  });

  test.each([
    ["GET", `/v2/a/blobs/${DIGEST}`],
    ["DELETE", "/v2/a/blobs/uploads/s"],
    ["GET", "/v2/a/blobs/uploads/s"],
  ] as const)("%s %s has no body, whatever the client says", (method, target) => {
    for (const raw of [
      ["Content-Length", "5"],
      ["Transfer-Encoding", "chunked"],
    ])
      expect(make(method, target, {}, raw).body).toEqual({ kind: "none" });
  });

  test.each([
    [[], { "Content-Length": "0" }],
    [["Content-Length", "0"], { "Content-Length": "0" }],
    [["content-length", "007"], { "Content-Length": "7" }],
    [["TRANSFER-ENCODING", " Chunked "], { "Transfer-Encoding": "chunked" }],
  ])("that takes a body is framed by the gateway: %j", (raw, framing) => {
    const made = make("PATCH", "/v2/a/blobs/uploads/s", {}, raw);
    expect(wireHeaders(made, "registry:5000")).toEqual({
      Host: "registry:5000",
      ...OURS,
      ...framing,
    });
  });

  test("keeps the state of an upload value for value", () => {
    const state = "-_=+/&?#%25;'\"\\a~!*()";
    const target = `/v2/a/blobs/uploads/s?_state=${encodeURIComponent(state)}`;
    const made = make("PATCH", target, {});
    expect(made.target).toMatch(/^[!-~]+$/);
    expect(new URLSearchParams(splitTarget(made.target).query).get("_state")).toBe(state);
  });

  test("names the client's program and the gateway's mark", () => {
    const parts = understood("GET", "/v2/_catalog", { "user-agent": "docker\u00e4/1" }, []);
    expect(registryRequest(parts, FACTS, "mark/1").headers["User-Agent"]).toBe("docker?/1 mark/1");
    const silent = understood("GET", "/v2/_catalog", {}, []);
    expect(registryRequest(silent, FACTS, "mark/1").headers["User-Agent"]).toBe("mark/1");
  });

  test("has a body for uploads and pushed manifests alone", () => {
    const kinds = ["manifest.put-by-tag", "manifest.put-by-digest", "upload.start"] as const;
    for (const kind of [...kinds, "upload.continue"] as const) expect(takesBody(kind)).toBe(true);
    for (const kind of ["upload.status", "upload.cancel", "blob.read", "manifest.delete"] as const)
      expect(takesBody(kind)).toBe(false);
  });
});

describe("a framing that two programs could read differently is refused", () => {
  test.each([
    [["Content-Length", "5", "Content-Length", "5"]],
    [["Content-Length", "5", "Transfer-Encoding", "chunked"]],
    [["Transfer-Encoding", "chunked", "transfer-encoding", "chunked"]],
    [["Transfer-Encoding", "gzip, chunked"]],
    [["Transfer-Encoding", "identity"]],
    [["Transfer-Encoding", "chunked;x"]],
    [["Content-Length", "5, 5"]],
    [["Content-Length", "+5"]],
    [["Content-Length", "0x5"]],
    [["Content-Length", ""]],
    [["Content-Length", "9999999999999999"]],
  ])("%j", (rawHeaders) => {
    expect(() => framingOf({ rawHeaders, httpVersion: "1.1" })).toThrow("the request's body");
  });

  test("chunks in HTTP/1.0", () => {
    const rawHeaders = ["Transfer-Encoding", "chunked"];
    expect(() => framingOf({ rawHeaders, httpVersion: "1.0" })).toThrow("without chunks");
  });

  test("wherever in the headers it stands", () => {
    const many = Array.from({ length: 4_000 }, (_, at) => (at % 2 === 0 ? `x-${at}` : "1"));
    const rawHeaders = [...many, "Content-Length", "5"];
    expect(framingOf({ rawHeaders, httpVersion: "1.1" })).toEqual({ kind: "length", bytes: 5 });
  });
});

function understood(
  method: MadeMethod,
  target: string,
  headers: Record<string, string>,
  rawHeaders: readonly string[],
) {
  return {
    // Nothing here asks for an extension, which stock registries have none of.
    request: parseRegistryRequest(method, target) as StockRequest,
    method,
    query: new URLSearchParams(splitTarget(target).query),
    headers,
    framing: framingOf({ rawHeaders: [...rawHeaders], httpVersion: "1.1" }),
  };
}

function make(
  method: MadeMethod,
  target: string,
  headers: Record<string, string>,
  rawHeaders: readonly string[] = [],
) {
  return registryRequest(understood(method, target, headers, rawHeaders), FACTS);
}
