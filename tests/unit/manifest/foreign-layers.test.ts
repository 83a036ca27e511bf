import { expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { layersToLookFor } from "#registry-protocol/manifest/foreign-layers.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { EMPTY_CONFIG, imageText, INDEX_TYPE, readingOf } from "#tests/support/manifest-texts.js";

const URLS = { urls: ["https://layers.example/a"] };

test("layers with URLs are looked for, but for those that are had from elsewhere alone, and each once", () => {
  const plain = layer("application/vnd.oci.image.layer.v1.tar+gzip");
  const foreign = layer("application/vnd.oci.image.layer.nondistributable.v1.tar");
  const without = { ...EMPTY_CONFIG, digest: digestOf(Buffer.from("without")) };
  const image = imageText({ layers: [without, foreign, plain, plain] });
  expect(layersToLookFor(pushed(image))).toEqual([{ digest: plain.digest, where: "layers[3]" }]);
});

test("an index has none", () => {
  const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [] });
  expect(layersToLookFor(pushed(index))).toEqual([]);
});

function layer(mediaType: string) {
  return { mediaType, digest: digestOf(Buffer.from(mediaType)), size: 2, ...URLS };
}

function pushed(text: string): Manifest {
  const read = readingOf(Buffer.from(text));
  if (read.kind === "unclear") throw new Error(read.reason);
  return read;
}
