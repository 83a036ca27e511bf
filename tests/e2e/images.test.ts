import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { blobsIn, makeImage } from "#tests/support/oci-layout.js";
import { skopeo, type Skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const MIB = 1024 * 1024;

let stack: TestStack;
let folder: TemporaryFolder;
let alice: Skopeo;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  alice = skopeo(stack.url, "alice-token");
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

describe(`images on registry ${testTools().registry.version}`, () => {
  test("of 20 layers go in with skopeo and come out the same", async () => {
    const sizes = Array.from({ length: 20 }, (_, i) => 1_000 + i * 10_000);
    const image = await makeImage(join(folder.path, "layers"), sizes);
    expect(await alice.push(image, "alpha/layers:1.0")).toMatchObject({ ok: true });

    const inspected = await alice.inspect("alpha/layers:1.0");
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      Digest: image.digest,
      RepoTags: ["1.0"],
      Layers: image.blobs.slice(1),
    });

    const copy = join(folder.path, "layers-copy");
    expect(await alice.pull("alpha/layers:1.0", copy)).toMatchObject({ ok: true });
    expect((await blobsIn(copy)).sort()).toEqual([image.digest, ...image.blobs].sort());
  });

  test("with a layer of 210 MB go in with skopeo and come out the same", async () => {
    const image = await makeImage(join(folder.path, "large"), [210 * MIB, 10]);
    expect(await alice.push(image, "alpha/large:1.0")).toMatchObject({ ok: true });
    const copy = join(folder.path, "large-copy");
    expect(await alice.pull("alpha/large:1.0", copy)).toMatchObject({ ok: true });
    expect((await blobsIn(copy)).sort()).toEqual([image.digest, ...image.blobs].sort());
  });

  test("can be pulled by digest", async () => {
    const image = await makeImage(join(folder.path, "digest"));
    await alice.push(image, "alpha/digest:1.0");
    const copy = join(folder.path, "digest-copy");
    expect(await alice.pull(`alpha/digest@${image.digest}`, copy)).toMatchObject({ ok: true });
    expect(await blobsIn(copy)).toContain(image.digest);
  });

  test("share layers between repositories of one team", async () => {
    const image = await makeImage(join(folder.path, "shared"), [MIB]);
    expect(await alice.push(image, "alpha/first:1.0")).toMatchObject({ ok: true });
    expect(await alice.push(image, "shared/second:1.0")).toMatchObject({ ok: true });
    const inspected = await alice.inspect("shared/second:1.0");
    expect(JSON.parse(inspected.stdout)).toMatchObject({ Digest: image.digest });
  });
});
