import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runProgram, type Outcome } from "#local/processes/run-program.js";
import { eventually } from "#tests/support/eventually.js";
import { ask } from "#tests/support/http-client.js";
import { makeImage } from "#tests/support/oci-layout.js";
import { registryClient } from "#tests/support/registry-client.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const RULES = "rules:\n  - id: known-source\n    scmSource: required\n    namespaces: [shared]\n";
const SOURCE = { url: "git:git@git.example:a/b.git", revision: "f11e", author: "", status: "" };
const LABELS = ["source=https://git.example/a", "revision=1abe1"].flatMap((label) => [
  "--label",
  `org.opencontainers.image.${label}`,
]);

const { buildah } = testTools();
if (typeof buildah === "string") console.warn(`SKIPPED: labels with a real client: ${buildah}`);

let stack: TestStack;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(at("tags.yaml"), RULES);
  stack = await startTestStack({ env: { TAG_POLICY_FILE: at("tags.yaml") } });
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

describe("where an image comes from", () => {
  test("is told by a trusted robot in a header, and by nobody else", async () => {
    const client = registryClient(stack.url, "ci-trusted-token");
    await client.push("alpha/header", "1.0", "content");
    const { text } = await client.manifest("alpha/header", "1.0");
    expect(await putWithHeader("ci-all-token", text)).toBe(403);
    expect(await putWithHeader("alice-token", text)).toBe(403);
    expect(await sourceOf("alpha/header")).not.toMatchObject({ origin: "header" });
    expect(await putWithHeader("ci-trusted-token", text)).toBe(201);
    expect(await sourceOf("alpha/header")).toMatchObject({ ...SOURCE, origin: "header" });
  });

  test("is demanded by a rule, and the client shows how to give it", async () => {
    const image = await makeImage(at("image"));
    const refused = await skopeo(stack.url, "alice-token").push(image, "shared/app:1.0");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("SCM source required by rule known-source: add labels");
  });

  const testWith = typeof buildah === "string" ? test.skip : test;
  testWith("is found in labels and in a file of images that buildah built", async () => {
    await build("label", "FROM scratch\nCOPY content /content\n", LABELS);
    await build("file", "FROM scratch\nCOPY scm-source.json /\nCOPY content /content\n");
    await push("label", "alpha/label");
    await push("file", "alpha/file");
    await push("file", "shared/file");
    for (const repository of ["alpha/label", "alpha/file"])
      await eventually(`the source of ${repository} is known`, async () =>
        Object.hasOwn(await sourceOf(repository), "url"),
      );
    expect(await sourceOf("alpha/label")).toMatchObject({ revision: "1abe1", origin: "label" });
    expect(await sourceOf("alpha/file")).toMatchObject({ ...SOURCE, origin: "file" });
    expect(await sourceOf("shared/file")).toMatchObject({ ...SOURCE, origin: "file" });
  });
});

async function putWithHeader(accessToken: string, body: string): Promise<number> {
  const scope = "repository:alpha/header:pull,push";
  const token = await registryClient(stack.url, accessToken).token(scope);
  const headers = {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/vnd.oci.image.manifest.v1+json",
    "X-SCM-Source": encodeURIComponent(JSON.stringify(SOURCE)),
  };
  const put = { method: "PUT", headers, body };
  return (await ask(stack.url, "/v2/alpha/header/manifests/1.0", put)).status;
}

async function sourceOf(repository: string): Promise<object> {
  const scope = `repository:${repository}:pull`;
  const token = await registryClient(stack.url, "alice-token").token(scope);
  const headers = { Authorization: `Bearer ${token}` };
  const path = `/api/v1/repositories/${repository}/tags/1.0/scm-source`;
  return JSON.parse((await ask(stack.url, path, { headers })).body.toString()) as object;
}

async function build(name: string, dockerfile: string, args: readonly string[] = []) {
  await mkdir(at(name));
  await writeFile(at(`${name}/Dockerfile`), dockerfile);
  await writeFile(at(`${name}/content`), name);
  await writeFile(at(`${name}/scm-source.json`), JSON.stringify(SOURCE));
  const policy = { default: [{ type: "insecureAcceptAnything" }] };
  await writeFile(at("policy.json"), JSON.stringify(policy));
  const how = ["--isolation", "chroot", "--signature-policy", at("policy.json"), ...args];
  expect(await run("bud", ...how, "-t", name, at(name))).toMatchObject({ ok: true });
}

async function push(name: string, repository: string): Promise<void> {
  const where = `docker://${new URL(stack.url).host}/${repository}:1.0`;
  const how = ["--tls-verify=false", "--creds", "oauth2:alice-token"];
  const outcome = await run("push", ...how, "--signature-policy", at("policy.json"), name, where);
  expect(outcome).toMatchObject({ ok: true });
}

async function run(...args: string[]): Promise<Outcome> {
  if (typeof buildah === "string") throw new Error(buildah);
  const store = ["--root", at("store"), "--runroot", at("run"), "--storage-driver", "vfs"];
  return runProgram(
    { file: buildah.file, args: [...store, ...args], env: { ...process.env, ...buildah.env } },
    { timeoutMs: 180_000 },
  );
}

function at(name: string): string {
  return join(folder.path, name);
}
