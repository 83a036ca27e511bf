import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask } from "#tests/support/http-client.js";

const NOWHERE = "http://127.0.0.1:9";

let gateway: TestGateway;
let script = "";

beforeAll(async () => {
  gateway = await startGateway({ registryUrl: NOWHERE, tokenServerUrl: NOWHERE });
  const { body } = await ask(gateway.url, "/ui/");
  script = /href="([^"]+\.js)"/.exec(body.toString())?.[1] ?? "";
});
afterAll(() => gateway.stop());

test("the page is the same wherever below it one comes in but for its first view, and is asked for each time", async () => {
  const first = await ask(gateway.url, "/ui/x");
  expect(first.status).toBe(200);
  for (const path of ["/ui/repositories/alpha/app/-/tags/1.0", "/ui/login?to=x", "/ui/?q=app"]) {
    const { status, headers, body } = await ask(gateway.url, path);
    expect([path, status, headers["cache-control"]]).toEqual([path, 200, "no-cache"]);
    expect(body).toEqual(first.body);
  }
  for (const path of ["/ui/", "/ui/x"]) {
    const { headers } = await ask(gateway.url, path);
    const again = { headers: { "If-None-Match": headers["etag"] ?? "" } };
    expect((await ask(gateway.url, path, again)).status).toBe(304);
  }
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

describe("the first view of the web page", () => {
  const home = async (wanted: string | null, path = "/ui/") => {
    const headers = wanted === null ? {} : { "Accept-Language": wanted };
    const { headers: told, body } = await ask(gateway.url, path, { headers });
    return { told, text: body.toString() };
  };

  test.each([
    ["en", null],
    ["en", "*"],
    ["en", "en-GB,en;q=0.9,de;q=0.8"],
    ["en", "fr-FR,fr;q=0.9"],
    ["de", "de-AT"],
    ["de", "fr;q=0.9,en;q=0.2,de;q=0.5"],
    ["en", "de;q=0"],
  ])("is sent as markup, and speaks %s to whoever wants %s", async (language, wanted) => {
    const { told, text } = await home(wanted);
    expect(/<html lang="(\w+)">/.exec(text)?.[1]).toBe(language);
    expect(/<h1[^>]*>(.*?)<\/h1>/.exec(text)?.[1]).toBe({ en: "Repositories", de: "Repositorys" }[language]); // prettier-ignore
    expect(text).not.toMatch(/<style|style=|\son\w+=|<script>|https?:/);
    expect(told).toMatchObject({ vary: "Accept-Language, Accept-Encoding", "cache-control": "no-cache" }); // prettier-ignore
  });

  test.each(["/ui/?q=app", "/ui/login", "/ui/repositories/alpha/app/-/", "/ui/index.html"])(
    "is not sent where another one is wanted: %s",
    async (path) => {
      const { told, text } = await home("de", path);
      expect(text).toContain('<div id="page"></div>');
      expect(told["vary"]).toBe("Accept-Encoding");
    },
  );
});
