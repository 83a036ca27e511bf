import { describe, expect, test } from "@jest/globals";
import { NotCarried, servedManifest } from "#gateway/from-pier-one/served-manifest.js";
import { digestOf } from "#registry-protocol/digest.js";

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const OCI = "application/vnd.oci.image.manifest.v1+json";
const BLOB = digestOf(Buffer.from("a blob"));

/** As Docker writes it, three spaces deep. */
const threeDeep = (value: object) => JSON.stringify(value, null, 3);
/** As Pier One's database has it: the same in another form. */
const stored = (value: object) => JSON.stringify(value, null, 2).replaceAll('":', '" :');

function image(configType = "application/vnd.docker.container.image.v1+json") {
  return {
    schemaVersion: 2,
    mediaType: DOCKER,
    config: { mediaType: configType, size: 7, digest: BLOB },
    layers: [
      { mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", size: 9, digest: BLOB },
    ],
  };
}

describe("a manifest in Pier One's database", () => {
  test("becomes the bytes that Docker had pushed, by whose digest Pier One knows it", () => {
    const pushed = Buffer.from(threeDeep(image()));
    const served = servedManifest(stored(image()), digestOf(pushed));
    expect(served.content.toString()).toBe(pushed.toString());
    expect(served).toMatchObject({ digest: digestOf(pushed), mediaType: DOCKER });
    expect(servedManifest(stored(image()), null)).toEqual(served);
  });

  test("has the configuration type that Pier One says to everybody, and the digest of that", () => {
    const noted = digestOf(Buffer.from(threeDeep(image("application/json"))));
    const served = servedManifest(stored(image("application/json")), noted);
    expect(served.content.toString()).toBe(threeDeep(image()));
    expect(served.digest).toBe(digestOf(Buffer.from(threeDeep(image()))));
  });

  test("keeps numbers, escapes and the order of keys as they were written", () => {
    const text = `{"schemaVersion":2,"layers":[{"size":12345678901234567890,"1":1.50}],"0":"\\u001F \\u2028 é \\\\u001f / <"}`;
    expect(servedManifest(text, null).content.toString()).toBe(
      `{\n   "schemaVersion": 2,\n   "layers": [\n      {\n         "size": 12345678901234567890,\n         "1": 1.50\n      }\n   ],\n` +
        `   "0": "\\u001F \u2028 é \\\\u001f / <"\n}`,
    );
  });

  test("has empty lists in the form of which the digest was noted, else in Pier One's", () => {
    const value = { ...image(), layers: [], annotations: {} };
    const spaced = threeDeep(value).replace("[]", "[ ]").replace("{}", "{ }");
    expect(servedManifest(stored(value), null).content.toString()).toBe(spaced);
    const noted = digestOf(Buffer.from(threeDeep(value)));
    expect(servedManifest(stored(value), noted).digest).toBe(noted);
    expect(servedManifest(stored(value), digestOf(Buffer.from(spaced))).content.toString()).toBe(
      spaced,
    );
  });

  test("is called what it calls itself, and Docker's where it calls itself nothing", () => {
    const { schemaVersion, config, layers } = image();
    const unnamed = { schemaVersion, config, layers };
    expect(servedManifest(stored(unnamed), null).mediaType).toBe(DOCKER);
    expect(servedManifest(stored({ ...image(), mediaType: OCI }), null).mediaType).toBe(OCI);
  });

  const many = {
    ...image(),
    annotations: Object.fromEntries("abcdefghi".split("").map((key) => [key, key])),
  };

  test("with more keys than Clojure keeps in order is known by its digest alone", () => {
    const noted = digestOf(Buffer.from(threeDeep(many)));
    expect(servedManifest(stored(many), noted).digest).toBe(noted);
    expect(() => servedManifest(stored(many), null)).toThrow(/in which order Pier One has them/);
  });

  test.each([
    [
      "whose digest is another than was noted",
      stored(image()),
      BLOB,
      /was noted when it was pushed/,
    ],
    ["of the first schema", stored({ schemaVersion: 1, fsLayers: [] }), null, /Docker's schema 1/],
    ["of no schema", stored({ layers: [] }), null, /no schema version/],
    ["that is cut off", stored(image()).slice(0, 40), null, /is no JSON/],
    ["that is a list", "[]", null, /is no JSON object/],
    ["with a key twice", '{"schemaVersion":2,"schemaVersion":2}', null, /is no JSON/],
  ])("%s is not carried", (_what, text, noted, why) => {
    expect(() => servedManifest(text, noted)).toThrow(NotCarried);
    expect(() => servedManifest(text, noted)).toThrow(why);
  });
});
