import { describe, expect, test } from "@jest/globals";
import { malformedDigest, manifestReferences } from "#gateway/ledger/manifest-references.js";
import { digestOf } from "#registry-protocol/digest.js";

const [A, B, C, D] = ["a", "b", "c", "d"].map((text) => digestOf(Buffer.from(text)));

describe("what a manifest points to", () => {
  test.each<[title: string, manifest: unknown, wanted: string[]]>([
    [
      "an image",
      { config: of(A), layers: [of(B), of(C)] },
      [`blob ${A}`, `blob ${B}`, `blob ${C}`],
    ],
    ["an index", { manifests: [of(A), of(B)] }, [`child ${A}`, `child ${B}`]],
    ["a referrer", { config: of(A), layers: [], subject: of(D) }, [`subject ${D}`, `blob ${A}`]],
    [
      "an index that refers",
      { manifests: [of(A)], subject: of(D) },
      [`child ${A}`, `subject ${D}`],
    ],
    ["an artifact", { blobs: [of(A)], subject: of(D) }, [`subject ${D}`, `blob ${A}`]],
    ["Docker's first format", { fsLayers: [{ blobSum: A }] }, [`blob ${A}`]],
    ["a repeated layer", { layers: [of(A), of(A)] }, [`blob ${A}`]],
    [
      "the same as child and layer",
      { manifests: [of(A)], layers: [of(A)] },
      [`child ${A}`, `blob ${A}`],
    ],
    ["a manifest of an unknown kind", { mediaType: "x/y", manifests: [of(A)] }, [`child ${A}`]],
    [
      "digests that are none",
      { manifests: [{ digest: "sha256:x" }, {}, null, of(A)] },
      [`child ${A}`],
    ],
    ["fields of other types", { manifests: "x", layers: {}, config: 1, subject: [] }, []],
    ["an empty object", {}, []],
    ["a list", [of(A)], []],
    ["null", null, []],
  ])("%s", (_title, manifest, wanted) => {
    const found = manifestReferences(Buffer.from(JSON.stringify(manifest)));
    expect(found.map(({ kind, target }) => `${kind} ${target}`)).toEqual(wanted);
  });

  test.each([["no JSON"], [""], ["[".repeat(1_000_000)]])(
    "nothing, where it cannot be read",
    (text) => {
      expect(manifestReferences(Buffer.from(text))).toEqual([]);
    },
  );

  test("all of a large index", () => {
    const manifests = Array.from({ length: 20_000 }, (_, i) =>
      of(digestOf(Buffer.from(String(i)))),
    );
    const content = Buffer.from(JSON.stringify({ manifests }));
    expect(manifestReferences(content)).toHaveLength(20_000);
  });
});

describe("the digests in a manifest", () => {
  const sha512 = `sha512:${"0".repeat(128)}`;

  test.each<[what: string, manifest: unknown, wanted: string | null]>([
    ["an image", { config: of(A), layers: [of(B)], subject: of(sha512) }, null],
    ["digests of other types", { config: { digest: 1 }, layers: [{}, null, "x"] }, null],
    ["no list", [of("x")], null],
    ["a child", { manifests: [of(A), of("x:y")] }, "x:y"],
    ["a layer of Docker's first format", { fsLayers: [{ blobSum: "tarsum:1" }] }, "tarsum:1"],
    ["a subject that is too short", { subject: of("sha256:abc") }, "sha256:abc"],
    ["a configuration in capitals", { config: of(A?.toUpperCase()) }, A?.toUpperCase() ?? ""],
    ["an empty one", { layers: [of("")] }, ""],
  ])("are all well formed, or the first that is not is named: %s", (_what, manifest, wanted) => {
    expect(malformedDigest(Buffer.from(JSON.stringify(manifest)))).toBe(wanted);
  });
});

function of(digest: string | undefined) {
  return { digest, size: 1 };
}
