import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask } from "#tests/support/http-client.js";

const NOWHERE = "http://127.0.0.1:9";

let gateway: TestGateway;
let script = "";

beforeAll(async () => {
  gateway = await startGateway({ registryUrl: NOWHERE, tokenServerUrl: NOWHERE });
  const { body } = await ask(gateway.url, "/ui/");
  script = /src="([^"]+\.js)"/.exec(body.toString())?.[1] ?? "";
});
afterAll(() => gateway.stop());

test("the page is the same wherever below it one comes in, and is asked for each time", async () => {
  const first = await ask(gateway.url, "/ui/");
  expect(first.status).toBe(200);
  for (const path of ["/ui/repositories/alpha/app/-/tags/1.0", "/ui/login?to=x", "/ui/x"]) {
    const { status, headers, body } = await ask(gateway.url, path);
    expect([path, status, headers["cache-control"]]).toEqual([path, 200, "no-cache"]);
    expect(body).toEqual(first.body);
  }
  const headers = { "If-None-Match": first.headers["etag"] ?? "" };
  expect((await ask(gateway.url, "/ui/", { headers })).status).toBe(304);
});

test("nothing inline, of other hosts, or in a frame is let in, and no text becomes markup", async () => {
  const { headers } = await ask(gateway.url, "/ui/");
  const policy = String(headers["content-security-policy"]);
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ])
    // prettier-ignore
    expect(policy.split("; ")).toContain(part);
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  expect(headers["x-content-type-options"]).toBe("nosniff");
});

test.each([
  ["br", brotliDecompressSync],
  ["gzip", gunzipSync],
  ["gzip;q=0.5, br;q=0", gunzipSync],
] as const)(
  "scripts come compressed as the browser takes them, for a year: %s",
  async (accepted, unpack) => {
    const plain = await ask(gateway.url, script);
    expect(plain.headers["content-encoding"]).toBeUndefined();
    const { status, headers, body } = await ask(gateway.url, script, {
      headers: { "Accept-Encoding": accepted },
    });
    expect([status, headers["cache-control"], headers["vary"]]).toEqual([
      200,
      "public, max-age=31536000, immutable",
      "Accept-Encoding",
    ]);
    expect(headers["etag"]).not.toBe(plain.headers["etag"]);
    expect(unpack(body)).toEqual(plain.body);
  },
);

test("HEAD says the same without a body, and other methods are refused", async () => {
  const { status, headers, body } = await ask(gateway.url, script, { method: "HEAD" });
  expect([status, Number(headers["content-length"]) > 1_000, body.length]).toEqual([200, true, 0]);
  expect((await ask(gateway.url, script, { method: "POST" })).status).toBe(405);
});
