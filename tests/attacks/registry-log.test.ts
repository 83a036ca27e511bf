import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { portPicker } from "#local/processes/ports.js";
import { createService } from "#local/processes/service.js";
import { renderRegistryConfig } from "#registry-config/render.js";
import { REGISTRY_LOG_LEVELS } from "#registry-config/settings.js";
import { generateKeyPem, selfSignAuthority } from "#service-kit/signing/certificates.js";
import { foundBy } from "#gateway/upstream/made-request.js";
import { eventually } from "#tests/support/eventually.js";
import { ask } from "#tests/support/http-client.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { registryPrograms } from "../integration/tags/support/registry.js";
import { quietly } from "#tests/support/service-context.js";

const ports = portPicker();

describe.each(registryPrograms())("the log of the stock registry $version", (program) => {
  test.each(REGISTRY_LOG_LEVELS)(
    "has no secret in it at level %s, though its endpoint is away, and tells of requests",
    async (level) => {
      const { secret, log } = await logOf(program, level);
      expect(log).not.toContain(secret);
      expect(log).toMatch(
        /"GET \/v2\/alpha\/app\/tags\/list HTTP\/1\.1" 401 \d+ "request-id:request-1"/,
      );
    },
  );

  test("has it from info on, which is why there is no such level to choose", async () => {
    const { secret, log } = await logOf(program, "info");
    expect(log).toContain(secret);
  });
});

/** What a registry with our configuration writes at start and for a request, at some level. */
async function logOf(
  program: { version: string; file: string },
  level: string,
): Promise<{ secret: string; log: string }> {
  const folder = await temporaryFolder();
  const secret = randomBytes(32).toString("hex");
  const port = await ports.next();
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(folder.path, "config.yml");
  const logFile = join(folder.path, "registry.log");
  const bundle = join(folder.path, "ca.pem");
  await writeFile(bundle, await authority());
  const text = renderRegistryConfig({
    registry: program.version.startsWith("3.") ? "3" : "2.8",
    listen: `127.0.0.1:${port}`,
    metricsListen: null,
    logLevel: "warn",
    drainSeconds: 1,
    httpSecret: secret,
    token: { realm: "https://a.invalid/", service: "s", issuer: "i", rootCertBundle: bundle },
    notifications: { url: "http://127.0.0.1:9/hooks/registry", secret },
    storage: { kind: "filesystem", rootDirectory: join(folder.path, "blobs") },
  });
  expect(text).toContain("  level: warn\n");
  await writeFile(configFile, text.replace("  level: warn\n", `  level: ${level}\n`));
  const isReady = async () => (await fetch(`${url}/v2/`)).status === 401;
  const service = createService(
    {
      name: "registry",
      command: {
        file: program.file,
        args: ["serve", configFile],
        env: { OTEL_TRACES_EXPORTER: "none" },
      },
      logFile,
      ipc: false,
      deathSignal: "SIGKILL",
      stopSignals: [["SIGTERM", 2_000]],
      readyWithinMs: 20_000,
      isReady,
    },
    quietly(),
  );
  await service.start();
  await ask(url, "/v2/alpha/app/tags/list", { headers: foundBy("request-1") });
  const read = () => readFile(logFile, "utf8");
  await eventually("the request is in the log", async () =>
    (await read()).includes("/v2/alpha/app/tags/list"),
  );
  await service.stop();
  const log = await read();
  await folder.remove();
  return { secret, log };
}

async function authority(): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return selfSignAuthority(await generateKeyPem(), { from: now, to: now + 3_600 });
}
