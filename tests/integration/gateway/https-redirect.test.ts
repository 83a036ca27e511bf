import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { httpsRedirect, type RedirectDeps } from "#gateway/routes/https-redirect.js";
import { createMetrics } from "#service-kit/metrics.js";
import { ask, errorOf, type AskOptions } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { listening, type TestServer } from "#tests/support/test-server.js";

let server: TestServer;

afterEach(() => server.stop());

async function asking(target: string, options: AskOptions = {}, deps: Partial<RedirectDeps> = {}) {
  const fixed = {
    log: SILENT,
    metrics: createMetrics(),
    publicUrl: null,
    httpsPort: 443,
    parts: [],
  };
  server = await listening(createServer(httpsRedirect({ ...fixed, ...deps })));
  const headers = { Host: "registry.example.org:8080", ...options.headers };
  return ask(`http://127.0.0.1:${server.port}`, target, { ...options, headers });
}

describe("the port without TLS", () => {
  test.each(["GET", "HEAD"])(
    "leads a browser's %s to HTTPS, with path and query",
    async (method) => {
      const answer = await asking("/ui/?a=b", { method });
      expect(answer.status).toBe(308);
      expect(answer.headers.location).toBe("https://registry.example.org/ui/?a=b");
    },
  );

  test("leads to the port that speaks HTTPS, and to the origin that is configured", async () => {
    const there = await asking("/", {}, { httpsPort: 8443 });
    expect(there.headers.location).toBe("https://registry.example.org:8443/");
    await server.stop();
    const configured = await asking("/", {}, { publicUrl: "https://r.example.org:444" });
    expect(configured.headers.location).toBe("https://r.example.org:444/");
  });

  test.each(["/v2/", "/v2/team/app/manifests/1", "/v1/_ping", "/token?service=r", "/v2"])(
    "refuses a registry's client before it shows a login: %s",
    async (target) => {
      const answer = await asking(target);
      expect(answer.status).toBe(403);
      expect(answer.headers["www-authenticate"]).toBeUndefined();
      expect(answer.headers.location).toBeUndefined();
      expect(errorOf(answer).message).toContain("speaks HTTPS alone");
    },
  );

  test.each([{ Authorization: "Basic YTpi" }, { Cookie: "a=b" }])(
    "says of a login that it was sent in the open, and leads it nowhere: %o",
    async (headers) => {
      const answer = await asking("/ui/", { headers });
      expect(answer.status).toBe(403);
      expect(answer.headers.location).toBeUndefined();
      expect(errorOf(answer).message).toContain("change it");
    },
  );

  test.each(["POST", "PUT", "PATCH", "DELETE"])("refuses %s", async (method) => {
    const answer = await asking("/api/v1/x", { method });
    expect(answer.status).toBe(403);
    expect(answer.headers.location).toBeUndefined();
  });

  test("leads to no other host than the one that was asked for", async () => {
    const answer = await asking("/", { headers: { Host: 'a"b.example.org' } });
    expect(answer.status).toBe(400);
  });

  test("leads a path that begins with two slashes to this host", async () => {
    const answer = await asking("//elsewhere.example.org/x");
    expect(answer.headers.location).toBe("https://registry.example.org//elsewhere.example.org/x");
  });
});
