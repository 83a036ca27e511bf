import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { makeImage, type OciLayout } from "#tests/support/oci-layout.js";
import { skopeo, type Skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

let stack: TestStack;
let folder: TemporaryFolder;
let alice: Skopeo;
let one: OciLayout;
let two: OciLayout;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  alice = skopeo(stack.url, "alice-token");
  one = await makeImage(join(folder.path, "one"));
  two = await makeImage(join(folder.path, "two"));
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

describe(`tags on registry ${testTools().registry.version}`, () => {
  test("keep what was pushed first: other content is refused, and skopeo prints why", async () => {
    expect(await alice.push(one, "alpha/app:1.0")).toMatchObject({ ok: true });
    const { ok, output } = await alice.push(two, "alpha/app:1.0");
    expect(ok).toBe(false);
    expect(output).toContain("tag already exists");
    expect(await digestOf("alpha/app:1.0")).toBe(one.digest);
  });

  test("take the same content again", async () => {
    expect(await alice.push(one, "alpha/again:1.0")).toMatchObject({ ok: true });
    expect(await alice.push(one, "alpha/again:1.0")).toMatchObject({ ok: true });
  });

  test("stay what they were when the whole stack is stopped and started", async () => {
    const own = await temporaryFolder();
    const dataDir = join(own.path, "data");
    const first = await startTestStack({ dataDir });
    await skopeo(first.url, "alice-token").push(one, "alpha/kept:1.0");
    await first.stop();
    const second = await startTestStack({ dataDir });
    const client = skopeo(second.url, "alice-token");
    expect((await client.push(two, "alpha/kept:1.0")).output).toContain("tag already exists");
    expect(await client.push(one, "alpha/kept:1.0")).toMatchObject({ ok: true });
    await second.stop();
    await own.remove();
  });

  test("ending in -SNAPSHOT take other content", async () => {
    await alice.push(one, "alpha/app:1.0-SNAPSHOT");
    expect(await alice.push(two, "alpha/app:1.0-SNAPSHOT")).toMatchObject({ ok: true });
    expect(await digestOf("alpha/app:1.0-SNAPSHOT")).toBe(two.digest);
  });

  test("named latest cannot be pushed, and mean what was pushed last", async () => {
    await alice.push(one, "alpha/newest:1.0");
    await alice.push(two, "alpha/newest:0.9");
    const { ok, output } = await alice.push(one, "alpha/newest:latest");
    expect(ok).toBe(false);
    expect(output).toContain("newest tag");
    expect(await digestOf("alpha/newest:latest")).toBe(two.digest);
  });

  test("of one repository say nothing about those of another", async () => {
    await alice.push(one, "alpha/here:1.0");
    expect(await alice.push(two, "shared/there:1.0")).toMatchObject({ ok: true });
  });

  test("are listed", async () => {
    await alice.push(one, "alpha/list:1.0");
    await alice.push(two, "alpha/list:2.0");
    const { stdout } = await alice.listTags("alpha/list");
    const { Tags } = JSON.parse(stdout) as { Tags: string[] };
    expect(Tags.sort()).toEqual(["1.0", "2.0"]);
  });
});

async function digestOf(name: string): Promise<unknown> {
  const { stdout } = await alice.inspect(name);
  return (JSON.parse(stdout) as { Digest: unknown }).Digest;
}
