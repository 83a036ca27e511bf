import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { imageParts, labelsOf } from "#registry-protocol/manifest/image-parts.js";
import {
  EMPTY_CONFIG,
  IMAGE_TYPE,
  imageText,
  INDEX_TYPE,
  readingOf,
} from "#tests/support/manifest-texts.js";

const CONFIG = { ...EMPTY_CONFIG, mediaType: "application/vnd.oci.image.config.v1+json" };
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const layer = (name: string, mediaType = LAYER) => ({
  mediaType,
  digest: digestOf(Buffer.from(name)),
  size: 1,
});

describe("what a search looks at", () => {
  test("are layers that can be unpacked, the topmost first", () => {
    const layers = [layer("base"), layer("elsewhere", "x/y"), layer("top")];
    const parts = imageParts(readingOf(Buffer.from(imageText({ config: CONFIG, layers }))));
    expect(parts?.config).toBe(CONFIG.digest);
    expect(parts?.layers.map(({ digest }) => digest)).toEqual([
      digestOf(Buffer.from("top")),
      digestOf(Buffer.from("base")),
    ]);
  });

  test("are an index's annotations, and the first image in it that can be run", () => {
    const attestation = { ...layer("seal"), platform: { os: "unknown", architecture: "unknown" } };
    const manifests = [attestation, layer("one"), layer("two")];
    const annotations = { a: "b" };
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: INDEX_TYPE,
      manifests,
      annotations,
    });
    expect(imageParts(readingOf(Buffer.from(text)))).toEqual({
      annotations: new Map([["a", "b"]]),
      firstImage: digestOf(Buffer.from("one")),
      ...{ config: null, layers: [] },
    });
  });

  test("is nothing of what is no image", () => {
    const parts = imageParts(readingOf(Buffer.from(imageText({ layers: [layer("a")] }))));
    expect(parts).toMatchObject({ config: null, layers: [], firstImage: null });
  });

  test.each(['{"Layers":[]}', '{"annotations":{"a":"b"},"annotations":{}}', "no JSON"])(
    "is nothing of what not everybody reads in the same way: %s",
    (text) => {
      expect(imageParts(readingOf(Buffer.from(text)))).toBeNull();
    },
  );
});

describe("labels of an image", () => {
  test("are those of its configuration that are strings", () => {
    expect(labels('{"config":{"Labels":{"a":"b","c":1}},"os":"linux"}')).toEqual({ a: "b" });
  });

  test.each([
    ["the configuration twice", '{"config":{"Labels":{"a":"b"}},"config":{"Labels":{"a":"c"}}}'],
    ["the configuration in capitals", '{"config":{"Labels":{"a":"b"}},"Config":{}}'],
    ["the labels twice", '{"config":{"Labels":{"a":"b"},"Labels":{}}}'],
    ["the labels in another case", '{"config":{"labels":{"a":"b"}}}'],
    ["a label twice", '{"config":{"Labels":{"a":"b","a":"c"}}}'],
    ["labels of another form", '{"config":{"Labels":["a"]}}'],
    ["no configuration", "{}"],
    ["no object", "[]"],
    ["no JSON", ""],
  ])("are none where some readers see others: %s", (_what, text) => {
    expect(labels(text)).toEqual({});
  });
});

function labels(text: string): object {
  return Object.fromEntries(atOnce(labelsOf(Buffer.from(text))));
}

test("of an index without an image of a platform there is no first image", () => {
  const manifests = [
    {
      ...{ mediaType: IMAGE_TYPE, size: 1, digest: digestOf(Buffer.from("a")) },
      platform: { os: "unknown", architecture: "unknown" },
      annotations: { "vnd.docker.reference.type": "attestation-manifest" },
    },
  ];
  const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  expect(imageParts(readingOf(Buffer.from(text)))?.firstImage).toBeNull();
});
