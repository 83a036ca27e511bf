import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { eventually } from "#tests/support/eventually.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { blobsIn, makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { skopeo, type Skopeo } from "#tests/support/skopeo.js";
import { scenario } from "#tests/support/scenario.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const LAYER_BYTES = 3_000_000;
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

let stack: TestStack;
let folder: TemporaryFolder;
let alice: RegistryClient;
let client: Skopeo;
let kept: OciLayout;
let gone: OciLayout;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  alice = registryClient(stack.url, "alice-token");
  client = skopeo(stack.url, "alice-token");
  kept = await makeImage(join(folder.path, "kept"), [LAYER_BYTES]);
  gone = await makeImage(join(folder.path, "gone"), [LAYER_BYTES, 64]);
  expect(await client.push(kept, "alpha/kept:1.0")).toMatchObject({ ok: true });
  expect(await client.push(gone, "alpha/gone:1.0")).toMatchObject({ ok: true });
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

describe(`garbage collection of a local stack with registry ${testTools().registry.version}`, () => {
  const part = scenario();
  part(
    "frees what no manifest needs while pulls go on, and what was freed can be pushed again",
    async () => {
      await loseManifest("alpha/gone");
      expect((await run("--dry-run")).output).toMatch(/^4 blobs, \d+ bytes would be freed/);
      expect(await sizesOf(gone)).toEqual([expect.any(Number), LAYER_BYTES, 64]);

      const pulls = pullAgainAndAgain();
      const { code, output } = await run();
      const { count, failures } = await pulls.stop();

      expect({ code, failures }).toEqual({ code: 0, failures: [] });
      expect(count).toBeGreaterThan(10);
      const said =
        /^read-only: .*\n(?:waiting: .*\n)*(\d+) blobs, (\d+) bytes freed in .*\nthe canary is gone, .*\nnormal again\n$/;
      const [, blobs, bytes] = said.exec(output) ?? [];
      expect(blobs).toBe("4");
      expect(Number(bytes)).toBeGreaterThan(LAYER_BYTES);
      expect(await sizesOf(gone)).toEqual([null, null, null]);

      await pushEventually(gone, "alpha/gone:1.0");
      await expectWhole(gone, "alpha/gone:1.0");
      await expectWhole(kept, "alpha/kept:1.0");
    },
  );

  part(
    "can be ended by kill -9: pushes stay refused until somebody says that all is normal",
    async () => {
      await startUpload();
      const killed = collectInBackground("--drain", "60");
      await eventually("it waits for the upload", () =>
        killed.output().includes("(1 known) may go on"),
      );
      await eventually("pushes are refused", async () => (await startUpload()).status === 503);
      expect(errorOf(await startUpload())).toMatchObject({
        code: "UNAVAILABLE",
        message: "read-only for now, try again later: garbage is being collected",
      });

      expect((await run()).output).toContain("garbage is being collected by another command");
      const early = await mode("normal");
      expect(early).toMatchObject({ code: 2 });
      expect(early.output).toContain("garbage is being collected: end that first");

      await killed.kill();
      expect((await startUpload()).status).toBe(503);
      expect((await mode("show")).output).toMatch(/^mode: read-only\n/);
      await eventually("the lock is free", async () => (await mode("normal")).code === 0);
      await eventually("pushes go on", async () => (await startUpload()).status === 202);
    },
  );

  part("ends what a killed one has left, and leaves what an operator has chosen", async () => {
    await mode("read-only", "--drain", "0", "--reason", "garbage is being collected");
    expect((await run("--drain", "0")).output).toMatch(
      /freed in .*\nthe canary is gone, .*\nnormal again\n$/,
    );
    await mode("read-only", "--drain", "0", "--reason", "the storage moves");
    const { code, output } = await run("--drain", "0");
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(
        /freed in .*\nthe canary is gone, .*\nit was read-only before and stays so\n$/,
      ),
    });
    expect((await startUpload()).status).toBe(503);
    await mode("normal");
    await pushEventually(kept, "alpha/kept:2.0");
  });

  part(
    "is asked for by a canary: pushes stay refused until it has gone, or an operator insists",
    async () => {
      expect(await mode("canary")).toMatchObject({ code: 2 });
      await mode("read-only", "--drain", "0", "--reason", "the canary is asked for");
      expect(await mode("canary")).toMatchObject({ code: 0 });
      const refused = await mode("normal");
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.output).toMatch(/ still has what the collection should have removed/);
      expect((await mode("show")).output).toMatch(/^mode: read-only\n/);
      expect(await mode("normal", "--unproven")).toMatchObject({ code: 0 });
      const audit = await finished(command("audit-log/src/commands/main.js", ["list", "--json"]));
      expect(audit.output).toContain('"back to normal (unproven)"');
    },
  );

  // 2.8 would take indexes apart, and the command refuses it there.
  const removeUntagged = async () => {
    const [signature, loose] = [await pushByDigest("signature", kept), await pushByDigest("loose")];
    const { code, output } = await run("--drain", "0", "--delete-untagged");
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain(`kept: alpha/kept@${signature}, for 1.0`);
    expect(output).toMatch(
      /\n\d+ manifests without a tag deleted, \d+ kept since tags need them\n/,
    );
    expect((await alice.manifest("alpha/kept", signature)).status).toBe(200);
    expect((await alice.manifest("alpha/kept", loose)).status).toBe(404);
    await expectWhole(kept, "alpha/kept:1.0");
    const audit = await finished(command("audit-log/src/commands/main.js", ["list", "--json"]));
    const entries = audit.output.split("\n").filter((line) => line.includes("manifest.deleted"));
    expect(entries.filter((line) => line.includes(loose))).toHaveLength(1);
    expect(entries.filter((line) => line.includes(signature))).toEqual([]);
  };
  part(
    "removes manifests without a tag on record, but for those that a tag needs",
    removeUntagged,
    testTools().registry.line !== "3",
  );

  part("goes on past a gateway that was killed, once its supervisor has it back", async () => {
    await stack.killAndAwait("gateway");
    const { code, output } = await run("--drain", "0");
    expect({ code, output }).toMatchObject({ code: 0 });
    await expectWhole(kept, "alpha/kept:1.0");
  });

  part(
    "is refused while an image names a layer by sha512 alone, which it would remove, unless an operator insists",
    async () => {
      const layer = Buffer.from("named by sha512 alone");
      const image = await pushBySha512(layer);
      const refused = await run("--drain", "0");
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.output).toContain(`alpha/kept@${image}`);
      expect(refused.output).toMatch(/name layers by sha512, .*--despite-sha512/);
      expect(refused.output).toMatch(/\nnormal again\n/);
      expect((await stat(fileOf(digestOf(layer)))).size).toBe(layer.length);
      expect(await run("--drain", "0", "--despite-sha512")).toMatchObject({ code: 0 });
      await expect(stat(fileOf(digestOf(layer)))).rejects.toThrow("ENOENT");
    },
  );
});

/** Removes what the registry knows of a repository's manifests, as their deletion does. */
async function loseManifest(repository: string): Promise<void> {
  const repositories = join(v2(), "repositories", repository);
  await rm(join(repositories, "_manifests"), { recursive: true });
}

async function sizesOf({ blobs }: OciLayout): Promise<(number | null)[]> {
  return Promise.all(
    blobs.map(async (digest) => (await stat(fileOf(digest)).catch(() => null))?.size ?? null),
  );
}

function fileOf(digest: string): string {
  const hex = digest.slice("sha256:".length);
  return join(v2(), "blobs", "sha256", hex.slice(0, 2), hex, "data");
}

function v2(): string {
  return join(stack.dataDir, "registry", "blobs", "docker", "registry", "v2");
}

function pullAgainAndAgain() {
  const failures: string[] = [];
  let [count, stopped] = [0, false];
  const pullers = ["1.0", kept.digest].map(async (reference) => {
    const bearer = await alice.token("repository:alpha/kept:pull");
    const headers = { Authorization: `Bearer ${bearer}`, Accept: MANIFEST_TYPE };
    while (!stopped)
      for (const path of [`manifests/${reference}`, `blobs/${kept.blobs[1] ?? ""}`]) {
        const answer = await ask(stack.url, `/v2/alpha/kept/${path}`, { headers }).catch(String);
        const isWhole =
          typeof answer === "object" && answer.status === 200 && answer.body.length > 0;
        if (!isWhole)
          failures.push(`${path}: ${typeof answer === "object" ? answer.status : answer}`);
        count += 1;
      }
  });
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(pullers);
      return { count, failures };
    },
  };
}

async function startUpload(repository = "alpha/app") {
  const { headers } = await pushing(repository);
  return ask(stack.url, `/v2/${repository}/blobs/uploads/`, { method: "POST", body: "", headers });
}

async function pushing(repository: string) {
  const bearer = await alice.token(`repository:${repository}:pull,push`);
  return { headers: { Authorization: `Bearer ${bearer}` } };
}

/** @returns digest of a manifest without a tag, which has that of another one as its subject */
async function pushByDigest(name: string, subject?: OciLayout): Promise<string> {
  const read = (digest: string) => alice.manifest("alpha/kept", digest);
  const { text } = await read(kept.digest);
  const about = { mediaType: MANIFEST_TYPE, digest: kept.digest, size: Buffer.byteLength(text) };
  const content = JSON.stringify({
    ...(JSON.parse(text) as object),
    annotations: { name },
    ...(subject === undefined ? {} : { subject: about }),
  });
  return pushContent(content);
}

async function pushContent(content: string): Promise<string> {
  const digest = digestOf(Buffer.from(content));
  const { headers } = await pushing("alpha/kept");
  const put = {
    method: "PUT",
    headers: { ...headers, "Content-Type": MANIFEST_TYPE },
    body: content,
  };
  await eventually("it is pushed", async () => {
    const target = `/v2/alpha/kept/manifests/${digest}`;
    return (await ask(stack.url, target, put)).status === 201;
  });
  return digest;
}

/** @returns digest of an image of the kept one's configuration and a layer that it names by sha512 */
async function pushBySha512(layer: Buffer): Promise<string> {
  const started = await startUpload("alpha/kept");
  const location = new URL(started.headers.location ?? "", stack.url);
  const digest = digestOf(layer, `sha512:${"0".repeat(128)}` as Digest);
  location.searchParams.set("digest", digest);
  const { headers } = await pushing("alpha/kept");
  const put = await ask(stack.url, `${location.pathname}${location.search}`, {
    ...{ method: "PUT", body: layer },
    headers: { ...headers, "Content-Type": "application/octet-stream" },
  });
  expect(put.status).toBe(201);
  const { text } = await alice.manifest("alpha/kept", kept.digest);
  const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
  const layers = [{ mediaType, digest, size: layer.length }];
  return pushContent(JSON.stringify({ ...(JSON.parse(text) as object), layers }));
}

/** The gateways follow the switch back within seconds, not at once. */
async function pushEventually(image: OciLayout, name: string): Promise<void> {
  let output = "";
  const isPushed = async () => {
    const pushed = await client.push(image, name);
    output = pushed.output;
    return pushed.ok || !output.includes("read-only for now");
  };
  await eventually(`${name} is pushed`, isPushed);
  expect(output).not.toContain("rror");
}

async function expectWhole(image: OciLayout, name: string): Promise<void> {
  const into = join(folder.path, `pulled-${name.replaceAll(/\W/g, "-")}-${Date.now()}`);
  expect(await client.pull(name, into)).toMatchObject({ ok: true });
  expect(new Set(await blobsIn(into))).toEqual(new Set([image.digest, ...image.blobs]));
}

async function run(...args: string[]) {
  return finished(command("deploy/local/commands/collect-garbage.js", args));
}

async function mode(...args: string[]) {
  return finished(command("gateway/src/commands/mode/main.js", args));
}

function collectInBackground(...args: string[]) {
  const { child, output } = command("deploy/local/commands/collect-garbage.js", args);
  return {
    output,
    kill: async () => {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}

/** What `npm run collect-garbage` and `npm run mode` run. */
function command(program: string, args: readonly string[]) {
  const script = join(REPOSITORY_ROOT, "deploy", "local", "commands", "command.mjs");
  const env = {
    SUDO_USER: "olga",
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    DATA_DIR: stack.dataDir,
  };
  const child = spawn(process.execPath, [script, program, ...args], { env });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return { child, output: () => text };
}

async function finished({ child, output }: { child: ChildProcess; output: () => string }) {
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output: output() };
}
