import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runProgram } from "#local/processes/run-program.js";
import { httpListener } from "#service-kit/http/server.js";
import { createMetrics } from "#service-kit/metrics.js";
import { SILENT } from "#tests/support/ledger.js";
import { ownServing } from "#tests/support/own-serving.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { listening, type TestServer } from "#tests/support/test-server.js";
import { DOCKERFILE, SERVICES, OURS } from "./support/compose.js";

let server: TestServer;
beforeAll(async () => {
  server = await listening(
    createServer((req, res) => {
      res.writeHead(req.url === "/ready" ? 200 : 503).end("2000");
    }),
  );
});
afterAll(() => server.stop());

async function check(port: number, path: string, told: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const file = join(REPOSITORY_ROOT, "deploy", "healthcheck.sh");
  return (await runProgram({ file, args: [String(port), path], env: { ...process.env, ...told } }))
    .ok;
}

describe("the health check of the images", () => {
  test("is content with 200 alone", async () => {
    expect(await check(server.port, "/ready")).toBe(true);
    expect(await check(server.port, "/200")).toBe(false);
  });

  test("is not content where nobody listens", async () => {
    expect(await check(1, "/ready")).toBe(false);
  });

  test("is content with TLS when it is told that nothing else is spoken there", async () => {
    const serving = await ownServing();
    const connections = { inAll: 100, perSource: 100, isTrusted: () => false };
    const timing = { drainSeconds: 0, idleSeconds: 5 };
    const at = { name: "tested", host: "127.0.0.1", port: 0 };
    const deps = { log: SILENT, metrics: createMetrics() };
    const options = { ...at, ...timing, connections, tls: serving };
    const listener = httpListener(options, () => undefined, deps);
    await listener.start();
    const { port } = listener.server.address() as AddressInfo;
    expect(await check(port, "/ready")).toBe(false);
    expect(await check(port, "/ready", { TLS_CERTIFICATE_FILE: "/tls.crt" })).toBe(true);
    expect(await check(port, "/ready", { ACME_NAMES: "registry.example.org" })).toBe(true);
    expect(await check(server.port, "/ready", { TLS_CERTIFICATE_FILE: "/tls.crt" })).toBe(false);
    await listener.stop();
  });

  test("starts no Node", () => {
    const checks = DOCKERFILE.split("\n").filter((line) => line.startsWith("HEALTHCHECK"));
    expect(checks).toHaveLength(2);
    expect(checks.filter((line) => !line.includes('CMD ["healthcheck.sh", "'))).toEqual([]);
  });
});

describe("a service of ours in docker-compose", () => {
  test.each([...OURS, ["balancer", SERVICES["balancer"]] as const])(
    "writes nothing to its image and has no right of root's: %s",
    (_name, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      });
    },
  );

  test("is there twice, for a gateway, behind the one port that is public", () => {
    expect(SERVICES["gateway"]?.deploy?.replicas).toBe(2);
    const published = Object.entries(SERVICES).flatMap(([name, { ports = [] }]) =>
      ports.filter((port) => !port.startsWith("127.0.0.1:")).map((port) => [name, port]),
    );
    expect(published).toEqual([["balancer", "${PORT:-8080}:8080"]]);
  });

  test("as every other one has its log turned over, and an image of a certain version", () => {
    const all = Object.entries(SERVICES);
    expect(all.filter(([, { logging }]) => logging === undefined)).toEqual([]);
    const foreign = all.filter(([, { build }]) => build === undefined);
    expect(
      foreign.filter(([, { image = "" }]) => !/:v?\$?[\d{]/.test(image)).map(([name]) => name),
    ).toEqual([]);
  });
});
