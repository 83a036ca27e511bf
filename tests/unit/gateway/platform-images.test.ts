import { describe, expect, test } from "@jest/globals";
import { samePlatformImages, type AddressedManifest } from "#gateway/ledger/platform-images.js";

const AMD64 = { digest: "sha256:aa", platform: { os: "linux", architecture: "amd64" } };
const ARM64 = { digest: "sha256:bb", platform: { os: "linux", architecture: "arm64" } };
const ATTESTATION = {
  digest: "sha256:cc",
  platform: { os: "unknown", architecture: "unknown" },
  annotations: { "vnd.docker.reference.type": "attestation-manifest" },
};

describe("whether two manifests run the same images", () => {
  test("two indexes that differ in their provenance alone do", () => {
    const other = { ...ATTESTATION, digest: "sha256:dd" };
    expect(same(index("1", [AMD64, ATTESTATION]), index("2", [AMD64, other]))).toBe(true);
  });

  test("an index with and one without provenance do", () => {
    expect(same(index("1", [AMD64]), index("2", [AMD64, ATTESTATION]))).toBe(true);
  });

  test("two indexes in different order do", () => {
    expect(same(index("1", [AMD64, ARM64]), index("2", [ARM64, AMD64]))).toBe(true);
  });

  test("an index with a single image and that image itself do", () => {
    expect(same(index("1", [AMD64, ATTESTATION]), image(AMD64.digest))).toBe(true);
  });

  test("an index with another image does not", () => {
    const rebuilt = { ...AMD64, digest: "sha256:ee" };
    expect(same(index("1", [AMD64]), index("2", [rebuilt]))).toBe(false);
  });

  test("an index with one platform more does not", () => {
    expect(same(index("1", [AMD64]), index("2", [AMD64, ARM64]))).toBe(false);
    expect(same(index("1", [AMD64, ARM64]), index("2", [AMD64]))).toBe(false);
  });

  test("two images do not", () => {
    expect(same(image("sha256:aa"), image("sha256:bb"))).toBe(false);
  });

  test("two indexes without any image do not", () => {
    expect(same(index("1", [ATTESTATION]), index("2", []))).toBe(false);
  });

  test.each(["", "nonsense", "null", "[]", '{"manifests":7}', '{"manifests":[{}]}'])(
    "content that is no index counts as an image of its own: %s",
    (content) => {
      const odd = { digest: "sha256:ff", content: Buffer.from(content) };
      expect(same(odd, index("1", [AMD64]))).toBe(false);
    },
  );
});

function same(held: AddressedManifest, offered: AddressedManifest): boolean {
  return samePlatformImages(held, offered);
}

function index(digest: string, manifests: readonly object[]): AddressedManifest {
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
  return { digest: `sha256:${digest}`, content };
}

function image(digest: string): AddressedManifest {
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, config: {}, layers: [] }));
  return { digest, content };
}
