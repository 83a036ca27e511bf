import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startDockerEngine } from "#tests/support/docker-engine.js";
import { eventually } from "#tests/support/eventually.js";
import { makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { registryClient } from "#tests/support/registry-client.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

/** One entry of `pulledBy`. */
interface PulledBy {
  readonly tag: string | null;
  readonly uid: string;
  readonly userAgent: string;
  readonly count: number;
}

// Started before the tests are listed, because whether they run depends on it.
const engine = await startDockerEngine();
if (typeof engine === "string") console.warn(`SKIPPED: a pull with a Docker Engine: ${engine}`);
const testWithEngine = typeof engine === "string" ? test.skip : test;

let stack: TestStack;
let folder: TemporaryFolder;
let image: OciLayout;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  image = await makeImage(join(folder.path, "image"));
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
  if (typeof engine !== "string") await engine.stop();
});

describe("pulls by real clients", () => {
  test("with skopeo are on record once each, although the registry reports them too", async () => {
    expect(await skopeo(stack.url, "alice-token").push(image, "alpha/skopeo:1.0")).toMatchObject({
      ok: true,
    });
    const bob = skopeo(stack.url, "bob-token");
    for (const name of ["a", "b"])
      expect(await bob.pull("alpha/skopeo:1.0", join(folder.path, name))).toMatchObject({
        ok: true,
      });
    const [pull, ...others] = await pulledBy("alpha/skopeo", 2);
    expect(pull).toMatchObject({ tag: "1.0", uid: "bob", count: 2 });
    expect(pull?.userAgent).toMatch(/^skopeo\/[^ ]+$/);
    expect(others).toEqual([]);
  });

  testWithEngine("with Docker are on record by the tag that was asked for", async () => {
    if (typeof engine === "string") return;
    const { host } = new URL(stack.url);
    const name = `${host}/alpha/docker:1.0`;
    await engine.login(host, "oauth2:alice-token");
    expect(await engine.build(name, "content")).toMatchObject({ ok: true });
    expect(await engine.docker("push", name)).toMatchObject({ ok: true });
    await engine.login(host, "oauth2:bob-token");
    // Once: an engine that finds the image in its store again asks for its digest alone.
    await engine.docker("rmi", "-f", name);
    expect(await engine.docker("pull", name)).toMatchObject({ ok: true });
    const [pull, ...others] = await pulledBy("alpha/docker", 1);
    expect(pull).toMatchObject({ tag: "1.0", uid: "bob", count: 1 });
    expect(pull?.userAgent).toMatch(/^docker\//);
    expect(others).toEqual([]);
  });
});

/** Waits until that many pulls are on record; one too many would be there by then as well. */
async function pulledBy(repository: string, count: number): Promise<readonly PulledBy[]> {
  const token = await registryClient(stack.url, "alice-token").token(
    `repository:${repository}:pull,push`,
  );
  let body: { pulls: number; pulledBy: readonly PulledBy[] } = { pulls: 0, pulledBy: [] };
  await eventually("the pulls are on record", async () => {
    const answer = await fetch(`${stack.url}/api/v1/repositories/${repository}/pulls`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    body = (await answer.json()) as typeof body;
    return body.pulls >= count;
  });
  expect(body.pulls).toBe(count);
  return body.pulledBy;
}
