import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import {
  samePlatformImages,
  type AddressedManifest,
} from "#registry-protocol/manifest/platform-images.js";
import { EMPTY_CONFIG, imageText, readingOf } from "#tests/support/manifest-texts.js";

const AMD64 = {
  ...EMPTY_CONFIG,
  digest: digest("aa"),
  platform: { os: "linux", architecture: "amd64" },
};
const ARM64 = {
  ...EMPTY_CONFIG,
  digest: digest("bb"),
  platform: { os: "linux", architecture: "arm64" },
};
const ATTESTATION = {
  ...EMPTY_CONFIG,
  digest: digest("cc"),
  platform: { os: "unknown", architecture: "unknown" },
  annotations: { "vnd.docker.reference.type": "attestation-manifest" },
};

describe("whether two manifests run the same images", () => {
  test("two indexes that differ in their provenance alone do", () => {
    const other = { ...ATTESTATION, digest: digest("dd") };
    expect(same(index("1", [AMD64, ATTESTATION]), index("2", [AMD64, other]))).toBe(true);
  });

  test("an index with and one without provenance do", () => {
    expect(same(index("1", [AMD64]), index("2", [AMD64, ATTESTATION]))).toBe(true);
  });

  test("what is said to be an attestation is none of them, whatever its platform", () => {
    const { platform } = AMD64;
    const odd = { ...ATTESTATION, platform };
    expect(same(index("1", [AMD64]), index("2", [AMD64, odd]))).toBe(true);
  });

  test("two indexes in different order do", () => {
    expect(same(index("1", [AMD64, ARM64]), index("2", [ARM64, AMD64]))).toBe(true);
  });

  test("an index with a single image and that image itself do", () => {
    expect(same(index("1", [AMD64, ATTESTATION]), image(AMD64.digest))).toBe(true);
  });

  test("an index with another image does not", () => {
    const rebuilt = { ...AMD64, digest: digest("ee") };
    expect(same(index("1", [AMD64]), index("2", [rebuilt]))).toBe(false);
  });

  test("an index with one platform more does not", () => {
    expect(same(index("1", [AMD64]), index("2", [AMD64, ARM64]))).toBe(false);
    expect(same(index("1", [AMD64, ARM64]), index("2", [AMD64]))).toBe(false);
  });

  test("two images do not", () => {
    expect(same(image(digest("aa")), image(digest("bb")))).toBe(false);
  });

  test("two indexes without any image do not", () => {
    expect(same(index("1", [ATTESTATION]), index("2", []))).toBe(false);
  });

  test.each(["", "nonsense", "null", "[]", '{"manifests":7}', '{"manifests":[{}]}'])(
    "content that is no index counts as an image of its own: %s",
    (content) => {
      const odd = { digest: digest("ff"), reading: readingOf(Buffer.from(content)) };
      expect(same(odd, index("1", [AMD64]))).toBe(false);
    },
  );
});

function same(held: AddressedManifest, offered: AddressedManifest): boolean {
  return samePlatformImages(held, offered);
}

function index(name: string, manifests: readonly object[]): AddressedManifest {
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
  return { digest: digest(name), reading: readingOf(content) };
}

function image(address: string): AddressedManifest {
  return { digest: address, reading: readingOf(Buffer.from(imageText())) };
}

function digest(name: string): string {
  return digestOf(Buffer.from(name));
}
