import { describe, expect, test } from "@jest/globals";
import { clientHeaders, upstreamHeaders } from "#gateway/proxy/headers.js";

const FACTS = {
  host: "registry:5000",
  clientAddress: "192.0.2.7",
  requestId: "r-1",
  authorization: "Bearer ours",
};
const UPSTREAM = new URL("http://registry:5000");

describe("headers towards the registry", () => {
  test("end-to-end headers are passed on as they are", () => {
    const headers = {
      accept: "a/b, c/d",
      "content-type": "application/json",
      "content-length": "7",
      "content-range": "0-6",
      range: "bytes=0-1",
      "if-none-match": '"x"',
      "user-agent": "docker/28",
    };
    expect(upstreamHeaders(headers, FACTS)).toMatchObject(headers);
  });

  test.each([
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "cookie",
    "expect",
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-prefix",
    "x-real-ip",
  ])("a client's %s never reaches it", (name) => {
    expect(upstreamHeaders({ [name]: "evil" }, FACTS)).not.toHaveProperty(name);
  });

  test("whatever the Connection header names stays on its own connection", () => {
    const headers = { connection: "close, X-Secret , x-other", "x-secret": "1", "x-other": "2" };
    const passed = upstreamHeaders({ ...headers, "x-kept": "3" }, FACTS);
    expect(passed).not.toHaveProperty("x-secret");
    expect(passed).not.toHaveProperty("x-other");
    expect(passed).toHaveProperty("x-kept", "3");
  });

  test("the length of the body is passed on, even when the Connection header names it", () => {
    const headers = { connection: "content-length", "content-length": "7" };
    expect(upstreamHeaders(headers, FACTS)).toHaveProperty("content-length", "7");
  });

  test("host, client, request id and authorization are what the gateway says", () => {
    const spoofed = {
      host: "evil",
      authorization: "Bearer stolen",
      "x-forwarded-for": "203.0.113.9",
      "x-request-id": "spoofed",
    };
    expect(upstreamHeaders(spoofed, FACTS)).toEqual({
      host: "registry:5000",
      authorization: "Bearer ours",
      "x-forwarded-for": "192.0.2.7",
      "x-request-id": "r-1",
    });
  });

  test("the Connection header cannot take away what the gateway says", () => {
    const headers = { connection: "authorization, x-request-id, x-forwarded-for, host" };
    expect(upstreamHeaders(headers, FACTS)).toMatchObject({
      host: "registry:5000",
      authorization: "Bearer ours",
      "x-request-id": "r-1",
    });
  });

  test("a client's authorization does not pass when the gateway has none to give", () => {
    const passed = upstreamHeaders(
      { authorization: "Bearer stolen" },
      { ...FACTS, authorization: undefined },
    );
    expect(passed).not.toHaveProperty("authorization");
  });
});

describe("headers towards the client", () => {
  test("end-to-end headers are passed on as they are", () => {
    const headers = {
      "content-type": "application/json",
      "content-length": "7",
      "docker-content-digest": "sha256:x",
      etag: '"x"',
      range: "0-6",
      link: '</v2/_catalog?n=1>; rel="next"',
    };
    expect(passedOn(headers)).toEqual(headers);
  });

  test.each([
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "trailer",
    "www-authenticate",
    "x-request-id",
    "docker-distribution-api-version",
  ])("the registry's %s is its own affair", (name) => {
    expect(passedOn({ [name]: "x" })).toEqual({});
  });

  test("whatever the registry's Connection header names stays on that connection", () => {
    expect(passedOn({ connection: "x-secret", "x-secret": "1" })).toEqual({});
  });

  test.each([
    ["at the registry becomes a path", "http://registry:5000/v2/a/b?x=1", "/v2/a/b?x=1"],
    ["at the registry over https becomes a path", "https://registry:5000/v2/a", "/v2/a"],
    [
      "that is a path stays one",
      "/v2/a/blobs/uploads/1?_state=x%3D",
      "/v2/a/blobs/uploads/1?_state=x%3D",
    ],
    [
      "elsewhere stays as it is",
      "https://bucket.s3.example/x?sig=a%2Fb",
      "https://bucket.s3.example/x?sig=a%2Fb",
    ],
    ["at another port stays as it is", "http://registry:5001/v2/a", "http://registry:5001/v2/a"],
    ["keeps its encoding", "http://registry:5000/v2/a%3Ab?x=%2F", "/v2/a%3Ab?x=%2F"],
  ])("a Location %s", (_what, location, wanted) => {
    expect(passedOn({ location })).toEqual({ location: wanted });
  });

  test("several values of one header are all passed on", () => {
    expect(passedOn({ "set-cookie": ["a=1", "b=2"] })).toEqual({ "set-cookie": ["a=1", "b=2"] });
  });
});

function passedOn(headers: Record<string, string | string[]>): Record<string, unknown> {
  return Object.fromEntries(clientHeaders(headers, UPSTREAM));
}
