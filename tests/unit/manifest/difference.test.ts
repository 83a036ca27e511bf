import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { differenceOf } from "#registry-protocol/manifest/difference.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { inSlices } from "#service-kit/in-slices.js";
import { EMPTY_CONFIG, IMAGE_TYPE, INDEX_TYPE, readingOf } from "#tests/support/manifest-texts.js";

const blob = (text: string, mediaType = "application/vnd.oci.image.config.v1+json") => ({
  mediaType,
  digest: digestOf(Buffer.from(text)),
  size: text.length,
});
const LAYER = blob("layer", "application/vnd.oci.image.layer.v1.tar");
const IMAGE = { schemaVersion: 2, mediaType: IMAGE_TYPE, config: blob("{}"), layers: [LAYER] };
const CHART = {
  ...IMAGE,
  config: blob("chart", "application/vnd.cncf.helm.config.v1+json"),
  layers: [blob("tgz", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
};
const INDEX = {
  schemaVersion: 2,
  mediaType: INDEX_TYPE,
  manifests: [{ ...blob("image", IMAGE_TYPE), platform: { os: "linux", architecture: "amd64" } }],
};
const ARTIFACT = { ...IMAGE, config: EMPTY_CONFIG };
const at = (created: string) => ({ "org.opencontainers.image.created": created });

describe("what differs between two manifests", () => {
  test.each<[string, object, object, boolean]>([
    [
      "same image, other annotations",
      { ...CHART, annotations: at("2026-01-01T00:00:00Z") },
      { ...CHART, annotations: at("2026-01-02T00:00:00Z") },
      true,
    ],
    [
      "same image, other annotations",
      IMAGE,
      { ...IMAGE, layers: [{ ...LAYER, annotations: { title: "a" } }] },
      true,
    ],
    [
      "same content, other key order",
      IMAGE,
      Object.fromEntries(Object.entries(IMAGE).reverse()),
      true,
    ],
    ["same images, other annotations", INDEX, { ...INDEX, annotations: { a: "b" } }, true],
    [
      "same images, other index",
      INDEX,
      { ...INDEX, manifests: [...INDEX.manifests, { ...LAYER, platform: { os: "unknown" } }] },
      true,
    ],
    ["same image, other manifest", IMAGE, { ...IMAGE, subject: LAYER }, true],
    [
      "same layers, other config",
      IMAGE,
      { ...IMAGE, config: blob('{"created":"2026-01-01T00:00:00Z"}') },
      false,
    ],
    ["same config, other layers", CHART, { ...CHART, layers: [blob("again")] }, false],
  ])("%s", async (words, held, offered, isSameContent) => {
    expect(await difference(held, offered)).toEqual({ words, isSameContent });
    expect(await difference(offered, held)).toEqual({ words, isSameContent });
  });

  test.each<[string, object, object]>([
    ["of really different images", IMAGE, CHART],
    [
      "of artifacts, whose configuration is always empty",
      ARTIFACT,
      { ...ARTIFACT, layers: [blob("b")] },
    ],
    ["of an image and an index", IMAGE, INDEX],
    ["of nothing", { ...ARTIFACT, layers: [] }, { ...ARTIFACT, layers: [], subject: LAYER }],
  ])("is nothing to tell %s", async (_what, held, offered) => {
    expect(await difference(held, offered)).toBeNull();
  });

  test("is not told where not everybody reads the same", async () => {
    const doubled = stored(
      JSON.stringify(IMAGE).replace("{", '{"annotations":{},"annotations":{},'),
    );
    expect(await inSlices(differenceOf(doubled, stored(JSON.stringify(IMAGE))))).toBeNull();
  });
});

function difference(held: object, offered: object) {
  const [ours, theirs] = [held, offered].map((one) => stored(JSON.stringify(one)));
  if (ours === undefined || theirs === undefined) throw new Error("two were given");
  return inSlices(differenceOf(ours, theirs));
}

function stored(text: string): StoredManifest {
  const content = Buffer.from(text);
  return { digest: digestOf(content), mediaType: IMAGE_TYPE, content, reading: readingOf(content) };
}
