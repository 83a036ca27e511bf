import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import type { RegistryProgram } from "#local/programs/registry-binary.js";
import { portPicker } from "#local/processes/ports.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { createService, type Service } from "#local/processes/service.js";
import { generateKeyPem, selfSignAuthority } from "#service-kit/signing/certificates.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";
import { quietly } from "#tests/support/service-context.js";

const { registry } = testTools();
const ports = portPicker();

let folder: TemporaryFolder;
let running: Service | null = null;

beforeEach(async () => {
  folder = await temporaryFolder();
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const now = Math.floor(Date.now() / 1000);
  write(
    "ca.cert.pem",
    await selfSignAuthority(await generateKeyPem(), { from: now, to: now + 3600 }),
  );
  write("cloudfront.pem", privateKey.export({ type: "pkcs1", format: "pem" }).toString());
  write("secret", "0123456789abcdef0123456789abcdef");
});
afterEach(async () => {
  await running?.stop();
  running = null;
  await folder.remove();
});

function write(name: string, text: string): void {
  writeFileSync(join(folder.path, name), text);
}

/** Runs the command line and returns how it went. */
function run(...args: string[]) {
  return runWith({}, ...args);
}

function runWith(env: NodeJS.ProcessEnv, ...args: string[]) {
  const own = { PATH: process.env["PATH"], ...env };
  const options = { cwd: REPOSITORY_ROOT, encoding: "utf8" as const, env: own };
  return spawnSync(process.execPath, ["dist/registry-config/src/main.js", ...args], options);
}

function everyRegistryNeeds(): string[] {
  const inFolder = (name: string) => join(folder.path, name);
  return [
    ...["--registry", registry.line, "--out", inFolder("config.yml")],
    ...["--notification-url", "http://127.0.0.1:1/hooks/registry"],
    ...["--notification-secret-file", inFolder("secret")],
    ...["--http-secret-file", inFolder("secret")],
    ...["--root-cert-bundle", inFolder("ca.cert.pem")],
  ];
}

async function start({ file }: RegistryProgram & { kind: "binary" }, port: number): Promise<void> {
  running = createService(
    {
      name: "registry",
      command: {
        file,
        args: ["serve", join(folder.path, "config.yml")],
        env: {
          OTEL_TRACES_EXPORTER: "none",
          AWS_ACCESS_KEY_ID: "id",
          AWS_SECRET_ACCESS_KEY: "key",
        },
      },
      logFile: join(folder.path, "registry.log"),
      ipc: false,
      deathSignal: "SIGKILL",
      stopSignals: [["SIGTERM", 2_000]],
      readyWithinMs: 20_000,
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/v2/`)).status === 401,
    },
    quietly(),
  );
  await running.start();
}

describe("npm run registry-config", () => {
  const STORAGES: readonly (readonly [name: string, options: (path: string) => string[]])[] = [
    ["filesystem", (path) => ["--root-directory", join(path, "blobs")]],
    ["s3", () => ["--s3-bucket", "images", "--s3-region", "eu-central-1"]],
    [
      "s3-cloudfront",
      (path) => [
        ...["--s3-bucket", "images", "--s3-region", "eu-central-1"],
        ...["--cloudfront-base-url", "https://cdn.example.org", "--cloudfront-key-pair-id", "K1"],
        ...["--cloudfront-private-key", join(path, "cloudfront.pem")],
      ],
    ],
  ];

  test.each(STORAGES)("a real registry starts with the file for %s", async (storage, options) => {
    if (registry.kind !== "binary") return;
    const [port, metricsPort] = [await ports.next(), await ports.next()];
    const listen = [
      "--listen",
      `127.0.0.1:${port}`,
      "--metrics-listen",
      `127.0.0.1:${metricsPort}`,
    ];
    const args = ["--storage", storage, ...listen, ...options(folder.path)];
    expect(run(...everyRegistryNeeds(), ...args)).toMatchObject({ status: 0, stderr: "" });
    await start(registry, port);
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`);
    expect(answer.headers.get("www-authenticate")).toContain('service="wharfinger-upstream"');
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(await metrics.text()).toContain("registry_http_requests_total");
  });

  test("the file is for its owner alone, also where an older one was not", () => {
    const file = join(folder.path, "config.yml");
    writeFileSync(file, "", { mode: 0o644 });
    expect(run(...everyRegistryNeeds(), "--storage", "filesystem").status).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("a dash prints it", () => {
    const { status, stdout } = run(
      ...everyRegistryNeeds(),
      "--storage",
      "filesystem",
      "--out",
      "-",
    );
    expect(status).toBe(0);
    expect(parse(stdout)).toMatchObject({ version: 0.1, auth: { token: {} } });
  });

  test("what is not said of a bucket is taken from the variables that docker-compose has, and of a folder nothing is", () => {
    const env = {
      STORAGE_S3_BUCKET: "images",
      STORAGE_S3_REGION: "eu-central-1",
      STORAGE_S3_ENDPOINT: "http://ceph:7480",
      STORAGE_S3_PREFIX: "ours",
      STORAGE_S3_REDIRECT: "false",
    };
    const made = (...args: string[]) => {
      const { stdout, stderr } = runWith(env, ...everyRegistryNeeds(), "--out", "-", ...args);
      expect(stderr).toBe("");
      return (parse(stdout) as { storage: object }).storage;
    };
    expect(made("--storage", "s3", "--s3-bucket", "others")).toMatchObject({
      s3: {
        bucket: "others",
        region: "eu-central-1",
        regionendpoint: "http://ceph:7480",
        rootdirectory: "ours",
      },
      redirect: { disable: true },
    });
    expect(made("--storage", "filesystem")).toMatchObject({
      filesystem: { rootdirectory: "/var/lib/registry" },
    });
  });

  test.each([
    ["an unknown option", ["--storage", "filesystem", "--colour", "red"], "--colour"],
    ["a wrong value", ["--storage", "tape"], "storage"],
    ["a missing value", ["--storage"], "--storage"],
    ["a word too many", ["--storage", "filesystem", "extra"], "extra"],
  ])("%s ends with code 2 and is named", (_what, args, name) => {
    const { status, stderr, stdout } = run(...everyRegistryNeeds(), ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(name);
  });

  test("its help names every option", () => {
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    for (const option of ["--registry", "--s3-chunk-size", "--cloudfront-key-pair-id", "--out"])
      expect(stdout).toContain(option);
  });

  test("a file that cannot be written is no wrong use", () => {
    const out = ["--out", join(folder.path, "nowhere", "config.yml")];
    const { status, stderr } = run(...everyRegistryNeeds(), "--storage", "filesystem", ...out);
    expect(status).toBe(1);
    expect(stderr).toContain("nowhere");
  });
});
