import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { neededParts } from "#registry-protocol/manifest/needed-parts.js";
import { EMPTY_CONFIG, imageText, INDEX_TYPE, readingOf } from "#tests/support/manifest-texts.js";

const descriptor = (name: string, mediaType: string, more: object = {}) => ({
  mediaType,
  digest: digestOf(Buffer.from(name)),
  size: name.length,
  ...more,
});
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const URLS = { urls: ["https://mcr.example/v2/windows/blobs/1"] };
const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const partsOf = (text: string) => neededParts(readingOf(Buffer.from(text)));
const indexText = (more: object) =>
  JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, ...more });

describe("what a manifest needs", () => {
  test("is an image's configuration and layers, each once, and not its subject", () => {
    const layer = descriptor("layer", LAYER);
    const subject = descriptor("subject", IMAGE);
    expect(partsOf(imageText({ layers: [layer, layer], subject }))).toEqual([
      { kind: "blob", digest: EMPTY_CONFIG.digest },
      { kind: "blob", digest: layer.digest },
    ]);
  });

  test("is no layer of a kind that is had from elsewhere, if it says where", () => {
    const layers = [descriptor("a", FOREIGN, URLS), descriptor("b", LAYER, URLS)];
    const digests = partsOf(imageText({ layers })).map(({ digest }) => digest);
    expect(digests).toEqual([EMPTY_CONFIG.digest, digestOf(Buffer.from("b"))]);
    expect(partsOf(imageText({ layers: [descriptor("a", FOREIGN)] }))).toHaveLength(2);
  });

  test("is an index's children, and the blobs of a build cache", () => {
    const child = descriptor("child", IMAGE);
    expect(partsOf(indexText({ manifests: [child, child] }))).toEqual([
      { kind: "manifest", digest: child.digest },
    ]);
    const subject = descriptor("subject", IMAGE);
    expect(partsOf(indexText({ manifests: [child], subject }))).toEqual([
      { kind: "manifest", digest: child.digest },
    ]);
    const config = descriptor("config", "application/vnd.buildkit.cacheconfig.v0");
    const cache = indexText({ manifests: [descriptor("layer", LAYER), config] });
    expect(partsOf(cache).map(({ kind }) => kind)).toEqual(["blob", "blob"]);
  });

  test("is nothing where not everybody reads the same", () => {
    expect(partsOf('{"schemaVersion":2,"config":{},"config":{},"layers":[]}')).toEqual([]);
  });
});
