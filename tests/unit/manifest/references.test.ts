import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import { manifestReferences } from "#registry-protocol/manifest/references.js";
import { EMPTY_CONFIG, IMAGE_TYPE, INDEX_TYPE } from "#tests/support/manifest-texts.js";

const [A, B, C, D] = ["a", "b", "c", "d"].map((text) => digestOf(Buffer.from(text)));
const SHA512 = `sha512:${"0".repeat(128)}`;
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const CACHE = "application/vnd.buildkit.cacheconfig.v0";
const DOCKER_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

// prettier-ignore
const CLEAR: readonly (readonly [title: string, mediaType: string, manifest: object, wanted: string[]])[] = [
  ["an image", IMAGE_TYPE, { config: of(A), layers: [of(B), of(C)] }, [`blob ${A}`, `blob ${B}`, `blob ${C}`]],
  ["an index", INDEX_TYPE, { manifests: [of(A), of(B)] }, [`child ${A}`, `child ${B}`]],
  ["a referrer", IMAGE_TYPE, { config: of(A), layers: [], subject: of(D) }, [`subject ${D}`, `blob ${A}`]],
  ["an index that refers", INDEX_TYPE, { manifests: [of(A)], subject: of(D) }, [`child ${A}`, `subject ${D}`]],
  ["BuildKit's cache", INDEX_TYPE, { manifests: [of(A, LAYER), of(B, CACHE)] }, [`blob ${A}`, `blob ${B}`]],
  ["two such in one", INDEX_TYPE, { manifests: [of(A, CACHE), of(B, CACHE)] }, [`child ${A}`, `child ${B}`]],
  ["layers alone", INDEX_TYPE, { manifests: [of(A, LAYER), of(B, LAYER)] }, [`child ${A}`, `child ${B}`]],
  ["such a cache that refers", INDEX_TYPE, { manifests: [of(A, CACHE)], subject: of(D) }, [`child ${A}`, `subject ${D}`]],
  ["such a cache that is an artifact", INDEX_TYPE, { manifests: [of(A, CACHE)], artifactType: "a/b" }, [`child ${A}`]],
  ["a part of such a cache that is an artifact", INDEX_TYPE, { manifests: [{ ...of(A, CACHE), artifactType: "a/b" }] }, [`child ${A}`]],
  ["a repeated layer", IMAGE_TYPE, { config: of(A), layers: [of(A), of(A)] }, [`blob ${A}`]],
  ["a digest of each algorithm", INDEX_TYPE, { manifests: [of(SHA512), of(A)] }, [`child ${SHA512}`, `child ${A}`]],
];

/** What a reader may see in manifests that are not read by all in the same way. */
// prettier-ignore
const UNCLEAR: readonly (readonly [title: string, text: string, wanted: string[]])[] = [
  ["children spelled otherwise", `{"Manifests":[${text(A)}]}`, [`child ${A}`]],
  ["children spelled with a Kelvin sign's like", `{"manife\u017fts":[${text(A)}]}`, [`child ${A}`]],
  ["children spelled with an escape", `{"\\u004danifests":[${text(A)}]}`, [`child ${A}`]],
  ["children given twice", `{"manifests":[${text(A)}],"manifests":[${text(B)}],"Manifests":[]}`, [`child ${A}`, `child ${B}`]],
  ["a child's digest given twice", `{"manifests":[{"digest":"${A}","Digest":"${B}"}]}`, [`child ${A}`, `child ${B}`]],
  ["an image that carries children", `{"layers":[${text(A)}],"manifests":[${text(B)}]}`, [`child ${B}`, `blob ${A}`]],
  ["a subject spelled otherwise", `{"SUBJECT":${text(A)}}`, [`subject ${A}`]],
  ["an artifact", `{"blobs":[${text(A)}],"subject":${text(D)}}`, [`subject ${D}`, `blob ${A}`]],
  ["Docker's first format", `{"fsLayers":[{"blobSum":"${A}"}]}`, [`blob ${A}`]],
  ["bytes that are no UTF-8", `{"x":"\xff","manifests":[${text(A)}]}`, [`child ${A}`]],
  ["half of a surrogate pair", `{"x":"\\ud800","manifests":[${text(A)}]}`, [`child ${A}`]],
  ["deep nesting", `{"x":${"[".repeat(9_000)}${"]".repeat(9_000)},"manifests":[${text(A)}]}`, [`child ${A}`]],
  ["digests that are none", `{"manifests":[{"digest":"sha256:x"},{},null,${text(A)}]}`, [`child ${A}`]],
  ["fields of other types", `{"manifests":"x","layers":{},"config":1,"subject":[]}`, []],
];

describe("what a manifest points to", () => {
  test.each(CLEAR)("%s", (_title, mediaType, manifest, wanted) => {
    const content = Buffer.from(JSON.stringify({ schemaVersion: 2, ...manifest }));
    expect(found(content, mediaType)).toEqual(wanted);
  });

  test.each(UNCLEAR)(
    "all that it may, of one from before or past the gateway: %s",
    (_title, json, wanted) => {
      expect(
        found(Buffer.from(json, json.includes("\xff") ? "latin1" : "utf8"), IMAGE_TYPE),
      ).toEqual(wanted);
      expect(found(Buffer.from(json, json.includes("\xff") ? "latin1" : "utf8"), DOCKER_1)).toEqual(
        wanted,
      );
    },
  );

  test.each([
    ["no JSON", "no JSON"],
    ["nothing", ""],
    ["a list", `[${text(A)}]`],
    ["null", "null"],
    ["more brackets than any reader takes", "[".repeat(1_000_000)],
  ])("nothing, where no registry can read it: %s", (_title, json) => {
    expect(found(Buffer.from(json), IMAGE_TYPE)).toEqual([]);
  });

  test("all of a large index, also of one above today's bounds", () => {
    const manifests = Array.from({ length: 20_000 }, (_, i) =>
      of(digestOf(Buffer.from(String(i)))),
    );
    const content = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
    expect(found(content, INDEX_TYPE)).toHaveLength(20_000);
  });
});

function found(content: Uint8Array, mediaType: string): string[] {
  const manifest = atOnce(readStanding(content, mediaType));
  return manifestReferences(manifest).map(({ kind, target }) => `${kind} ${target}`);
}

function of(digest: string | undefined, mediaType = EMPTY_CONFIG.mediaType) {
  return { ...EMPTY_CONFIG, mediaType, digest };
}

function text(digest: string | undefined): string {
  return JSON.stringify(of(digest));
}
