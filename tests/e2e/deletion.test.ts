import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { runProgram, type Outcome } from "#local/processes/run-program.js";
import { makeImage } from "#tests/support/oci-layout.js";
import { registryClient } from "#tests/support/registry-client.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const POLICY = `
rules:
  - id: cleaners
    effect: allow
    actions: [pull, push, delete]
    namespaces: [alpha]
    who: { realms: [/employees], teams: [alpha] }
  - id: robots
    effect: allow
    actions: [pull, push]
    namespaces: [alpha]
    who: { realms: [/services] }
  - id: images-stay
    effect: deny
    actions: [delete]
    namespaces: [alpha]
    who: anyone
    message: images are never deleted
`;

let stack: TestStack;
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
  const policyFile = join(folder.path, "policy.yaml");
  await writeFile(policyFile, POLICY);
  stack = await startTestStack({ env: { ALLOW_DELETE: "true", POLICY_FILE: policyFile } });
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

test("skopeo deletes an image with all of its tags in the name of who may, and of nobody else", async () => {
  const image = await makeImage(join(folder.path, "image"));
  const alice = skopeo(stack.url, "alice-token");
  for (const tag of ["1-SNAPSHOT", "2-SNAPSHOT"])
    expect(await alice.push(image, `alpha/app:${tag}`)).toMatchObject({ ok: true });
  const refused = await remove("ci-token", "alpha/app:1-SNAPSHOT");
  expect(refused.ok).toBe(false);
  expect(refused.output).toContain("images are never deleted");
  expect(await remove("alice-token", "alpha/app:1-SNAPSHOT")).toMatchObject({ ok: true });
  const client = registryClient(stack.url, "alice-token");
  for (const reference of ["1-SNAPSHOT", "2-SNAPSHOT", image.digest])
    expect((await client.manifest("alpha/app", reference)).status).toBe(404);
});

test("skopeo says which tag keeps an image", async () => {
  const image = await makeImage(join(folder.path, "kept"));
  expect(await skopeo(stack.url, "alice-token").push(image, "alpha/app:1.0")).toMatchObject({
    ok: true,
  });
  const kept = await remove("alice-token", "alpha/app:1.0");
  expect(kept.ok).toBe(false);
  expect(kept.output).toContain("tags still need this manifest: 1.0 (by rule");
});

function remove(accessToken: string, name: string): Promise<Outcome> {
  const { file, env } = testTools().skopeo;
  const login = ["--tls-verify=false", "--creds", `oauth2:${accessToken}`];
  const args = [
    "--insecure-policy",
    "delete",
    ...login,
    `docker://${new URL(stack.url).host}/${name}`,
  ];
  return runProgram({ file, args, env: { ...process.env, ...env } }, { timeoutMs: 60_000 });
}
