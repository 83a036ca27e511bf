import { expect, test } from "@jest/globals";
import { withRefusedNames } from "#gateway/proxy/refused-names.js";
import type { Digest } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { readManifest } from "#registry-protocol/manifest/read-manifest.js";
import { MANIFEST_BOUNDS } from "#registry-protocol/manifest/bounds.js";

const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
const IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json";
const SHA512 = `sha512:${"a".repeat(128)}` as Digest;
const SHA256 = `sha256:${"a".repeat(64)}` as Digest;
const CONTENT = JSON.stringify({
  ...{ schemaVersion: 2, mediaType: INDEX_TYPE },
  manifests: [{ mediaType: IMAGE_TYPE, digest: SHA512, size: 2 }],
});
const READING = atOnce(readManifest(Buffer.from(CONTENT), INDEX_TYPE, MANIFEST_BOUNDS));

const answer = (status: number, code: string, ...details: unknown[]) => ({
  status,
  headers: new Headers(),
  body: Buffer.from(JSON.stringify({ errors: details.map((detail) => ({ code, detail })) })),
});
const said = (given: ReturnType<typeof answer>) => {
  const { status, body } = withRefusedNames(given, READING);
  return { status, text: body.toString() };
};

test("a registry that misses nothing but what an index calls by sha512 is said to take no such index", () => {
  const { status, text } = said(answer(400, "MANIFEST_BLOB_UNKNOWN", SHA512));
  expect(status).toBe(400);
  expect(text).toContain("MANIFEST_INVALID");
  expect(text).toContain("validation.manifests.indexes.platforms");
});

test.each([
  ["misses something by sha256, too", answer(400, "MANIFEST_BLOB_UNKNOWN", SHA512, SHA256)],
  ["says something else", answer(400, "MANIFEST_INVALID", SHA512)],
  ["says nothing", answer(400, "MANIFEST_BLOB_UNKNOWN")],
  ["names what is no digest", answer(400, "MANIFEST_BLOB_UNKNOWN", "sha512:short")],
  ["says what it misses in another way", answer(400, "MANIFEST_BLOB_UNKNOWN", { digest: SHA512 })],
  ["fails", answer(500, "MANIFEST_BLOB_UNKNOWN", SHA512)],
  ["has stored it", answer(201, "MANIFEST_BLOB_UNKNOWN", SHA512)],
])("one that %s has its answer passed on", (_what, given) => {
  expect(withRefusedNames(given, READING)).toBe(given);
});

test("one that misses what an image calls by sha512 has its answer passed on: it is no index", () => {
  const config = { mediaType: "application/vnd.oci.empty.v1+json", digest: SHA512, size: 2 };
  const content = JSON.stringify({ schemaVersion: 2, mediaType: IMAGE_TYPE, config, layers: [] });
  const image = atOnce(readManifest(Buffer.from(content), IMAGE_TYPE, MANIFEST_BOUNDS));
  const given = answer(400, "MANIFEST_BLOB_UNKNOWN", SHA512);
  expect(withRefusedNames(given, image)).toBe(given);
});
