import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, describe, test } from "node:test";
import { clusterApi, type ClusterApi } from "./cluster-api.ts";
import { one, podSpec, synthesize } from "./support.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const PROGRAM = fileURLToPath(new URL("../programs/keys.mjs", import.meta.url));
/** `npm test` builds it before. */
const skip = existsSync(join(REPOSITORY, "dist/deploy/compose/setup.js"))
  ? false
  : "npm run build first";
const TOKEN = "token-of-the-pod";

const WHOLE = synthesize();
const [container] = podSpec(WHOLE, "keys").containers;
const given = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
const NAMES = Object.values(JSON.parse(given["SECRETS"] ?? "{}") as Record<string, string>);

const folder = mkdtempSync(join(tmpdir(), "wharfinger-keys-"));
writeFileSync(join(folder, "token"), TOKEN);
after(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the pod's program as the manifest has it, on an API of the test's and an empty folder. */
async function run(api: ClusterApi, command?: readonly string[]) {
  const root = mkdtempSync(join(folder, "root-"));
  const args =
    command ?? (container?.args ?? []).map((arg) => arg.replace(given["ROOT"] ?? "", root));
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: REPOSITORY,
    env: {
      PATH: process.env["PATH"],
      ...given,
      NODE_EXTRA_CA_CERTS: undefined,
      ROOT: root,
      CLUSTER_API: api.url,
      TOKEN_FILE: join(folder, "token"),
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

const filesOf = (api: ClusterApi, name: string) =>
  Object.fromEntries(
    Object.entries(api.secrets.get(name)?.data ?? {}).map(([file, content]) => [
      file,
      Buffer.from(content, "base64").toString(),
    ]),
  );
const versions = (api: ClusterApi) =>
  NAMES.map((name) => api.secrets.get(name)?.metadata.resourceVersion);

describe("the keys' program", { skip }, () => {
  test("fills empty Secrets with what each part needs, and shows nobody what is in them", async () => {
    await using api = await clusterApi(NAMES, TOKEN);
    const { code, output } = await run(api);
    assert.equal(code, 0, output);
    const gateway = filesOf(api, "wharfinger-gateway");
    const registry = filesOf(api, "wharfinger-registry");
    assert.deepEqual(Object.keys(registry).sort(), ["notification", "registry-http"]);
    assert.equal(registry["notification"], gateway["notification"]);
    const keys = Object.keys(gateway).filter((name) => name.endsWith(".key.pem"));
    assert.equal(keys.length, 3);
    assert.equal(Object.keys(filesOf(api, "wharfinger-token-server")).length, 1);
    const trust = filesOf(api, "wharfinger-trust");
    assert.deepEqual(Object.keys(trust).sort(), ["audit.pem", "gateway.pem"]);
    assert.ok(!JSON.stringify(trust).includes("PRIVATE KEY"));
    for (const name of keys) {
      const certificate = new X509Certificate(gateway[name.replace(".key.", ".cert.")] ?? "");
      assert.ok(certificate.checkIssued(new X509Certificate(trust["gateway.pem"] ?? "")));
    }
    assert.ok(!output.includes("PRIVATE KEY"));
    for (const secret of Object.values(registry)) assert.ok(!output.includes(secret));
  });

  test("puts who is trusted before who signs, and has the registry start anew for another authority alone", async () => {
    await using api = await clusterApi(NAMES, TOKEN);
    await run(api);
    const put = api.asked.filter((each) => each.startsWith("PUT"));
    assert.deepEqual(put, [
      "PUT wharfinger-authority",
      "PUT wharfinger-trust",
      "PUT wharfinger-token-server",
      "PUT wharfinger-registry",
      "PUT wharfinger-gateway",
    ]);
    const before = versions(api);
    const keys = Object.keys(filesOf(api, "wharfinger-gateway"));
    await run(api);
    assert.deepEqual(versions(api), before, "nothing was due");
    const bundle = filesOf(api, "wharfinger-trust")["gateway.pem"] ?? "";
    const digest = createHash("sha256").update(bundle).digest("hex");
    assert.deepEqual(api.annotations, [
      { "wharfinger/authorities": digest },
      { "wharfinger/authorities": digest },
    ]);
    for (const verb of ["authority", "withdraw --owner gateway"]) {
      const { code, output } = await run(api, keysCommand(verb));
      assert.equal(code, 0, output);
      const [last, earlier] = api.annotations.toReversed();
      assert.notDeepEqual(last, earlier, verb);
    }
    const left = Object.keys(filesOf(api, "wharfinger-gateway")).filter((name) =>
      name.endsWith(".key.pem"),
    );
    assert.ok(left.length > 0 && left.every((name) => !keys.includes(name)));
  });

  test("overwrites nobody: who changed a Secret meanwhile wins, and the job is tried again", async () => {
    await using api = await clusterApi(NAMES, TOKEN);
    api.beforePut = (name) => {
      const held = api.secrets.get(name);
      if (name === "wharfinger-trust" && held !== undefined) held.metadata.resourceVersion = "7";
    };
    const { code, output } = await run(api);
    assert.equal(code, 1);
    assert.match(output, /PUT .*wharfinger-trust: 409 the object has been modified/);
    assert.equal(api.secrets.get("wharfinger-gateway")?.data, undefined);
    api.beforePut = () => undefined;
    assert.equal((await run(api)).code, 0);
  });

  test("puts nothing back when its command fails, and says which Secret is not there", async () => {
    await using api = await clusterApi(NAMES, TOKEN);
    const { code } = await run(api, [process.execPath, "-e", "process.exit(3)"]);
    assert.equal(code, 3);
    assert.ok(!api.asked.some((each) => each.startsWith("PUT")));
    api.secrets.delete("wharfinger-trust");
    const missing = await run(api);
    assert.equal(missing.code, 1);
    assert.match(missing.output, /secrets\/wharfinger-trust: 404 .*not found/);
  });
});

/** A command of docs/keys.md, on the folders that the program takes the Secrets out into. */
function keysCommand(verb: string): string[] {
  const folders =
    '--dir "$ROOT/private" --authority "$ROOT/operator/authority" --trust "$ROOT/trust"';
  return ["sh", "-c", `exec node dist/service-kit/src/signing/main.js ${verb} ${folders}`];
}

describe("the keys' pod", () => {
  test("may read and write five Secrets by name, and restart the registry; it can make and list none", () => {
    const { rules } = one(WHOLE, "Role", "keys") as unknown as { rules: unknown };
    assert.deepEqual(rules, [
      { apiGroups: [""], resources: ["secrets"], resourceNames: NAMES, verbs: ["get", "update"] },
      {
        apiGroups: ["apps"],
        resources: ["deployments"],
        resourceNames: ["registry"],
        verbs: ["patch"],
      },
    ]);
    assert.equal(NAMES.length, 5);
  });

  test("runs every week, twice in the life of a key", () => {
    const { spec } = one(WHOLE, "CronJob", "keys");
    assert.match(String(spec["schedule"]), /^\d+ \d+ \* \* \d$/);
    assert.equal(spec["concurrencyPolicy"], "Forbid");
  });
});
