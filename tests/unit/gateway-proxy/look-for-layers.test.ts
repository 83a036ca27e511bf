import { expect, test } from "@jest/globals";
import { lookForLayers } from "#gateway/proxy/look-for-layers.js";
import { digestOf } from "#registry-protocol/digest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { imageText, readingOf } from "#tests/support/manifest-texts.js";

const digest = digestOf(Buffer.from("layer"));
const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", size: 1, digest };
const image = readingOf(
  Buffer.from(imageText({ layers: [{ ...layer, urls: ["https://example.org/layer"] }] })),
) as Manifest;
const look = (blobSize: () => Promise<number | null>) =>
  lookForLayers({ blobSize }, parseRepositoryName("alpha/app"), image);

test("a layer that may be had from elsewhere as well has to be there; while nobody can say, nothing is decided", async () => {
  await look(() => Promise.resolve(1));
  await expect(look(() => Promise.resolve(null))).rejects.toMatchObject({
    code: "MANIFEST_INVALID",
    detail: { digest },
  });
  await expect(look(() => Promise.reject(new Error("reset")))).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: "the registry cannot be asked for a layer that has urls; push again",
  });
});
