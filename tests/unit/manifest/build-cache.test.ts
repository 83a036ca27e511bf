import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { isBuildCache } from "#registry-protocol/manifest/build-cache.js";
import { imageText, INDEX_TYPE, readingOf } from "#tests/support/manifest-texts.js";

const CONFIG = part("application/vnd.buildkit.cacheconfig.v0");
const LAYER = part("application/vnd.oci.image.layer.v1.tar+gzip");
const IMAGE = part("application/vnd.oci.image.manifest.v1+json");

describe("a cache of BuildKit", () => {
  test("is an index of layers with the cache's configuration among them", () => {
    expect(isCache([LAYER, CONFIG])).toBe(true);
    expect(isCache([CONFIG])).toBe(true);
  });

  test.each<[string, readonly object[], object?]>([
    ["without its configuration", [LAYER]],
    ["with two of them", [CONFIG, CONFIG]],
    ["with an image in it", [LAYER, CONFIG, IMAGE]],
    ["with a layer for a platform", [{ ...LAYER, platform: { os: "linux" } }, CONFIG]],
    ["with a layer that is an artifact", [{ ...LAYER, artifactType: "x/y" }, CONFIG]],
    ["about something", [LAYER, CONFIG], { subject: IMAGE }],
    ["of a type of its own", [LAYER, CONFIG], { artifactType: "x/y" }],
  ])("is no index %s", (_what, manifests, more = {}) => {
    expect(isCache(manifests, more)).toBe(false);
  });

  test("is no image", () => {
    expect(isBuildCache(readingOf(Buffer.from(imageText())))).toBe(false);
  });
});

function isCache(manifests: readonly object[], more: object = {}): boolean {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests, ...more });
  return isBuildCache(readingOf(Buffer.from(text)));
}

function part(mediaType: string) {
  return { mediaType, digest: digestOf(Buffer.from(mediaType)), size: 2 };
}
