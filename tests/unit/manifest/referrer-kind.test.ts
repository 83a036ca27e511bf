import { expect, test } from "@jest/globals";
import { referrerKind } from "#registry-protocol/manifest/referrer-kind.js";

const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const of = (predicate: string) => ({ "dev.sigstore.bundle.predicateType": predicate });

test.each([
  ["notation's signature", "application/vnd.cncf.notary.signature", {}, null, "signature"],
  ["a bundle of cosign's", BUNDLE, of("https://sigstore.dev/cosign/sign/v1"), null, "signature"],
  ["a bundle that says nothing", BUNDLE, {}, null, "signature"],
  ["a bundle of a provenance", BUNDLE, of("https://slsa.dev/provenance/v1"), null, "attestation"],
  ["a bundle of an SBOM", BUNDLE, of("https://spdx.dev/Document"), null, "sbom"],
  ["an SBOM", "application/spdx+json", {}, null, "sbom"],
  ["another SBOM", "application/vnd.cyclonedx+json", {}, null, "sbom"],
  ["a statement of in-toto", "application/vnd.in-toto+json", {}, null, "attestation"],
  ["anything else", "application/vnd.example", {}, null, "other"],
  ["what says no type", null, {}, null, "other"],
  [
    "what stands under .sig",
    "application/vnd.oci.image.config.v1+json",
    {},
    "sha256-a.sig",
    "signature",
  ],
  ["what stands under .att", null, {}, "sha256-a.att", "attestation"],
  ["what stands under .sbom", null, {}, "sha256-a.sbom", "sbom"],
  ["what stands under another tag", "application/spdx+json", {}, "sha256-a", "sbom"],
] as const)("%s is known by what is said of it", (_, artifactType, annotations, tag, kind) => {
  expect(referrerKind({ artifactType, annotations, tag })).toBe(kind);
});
