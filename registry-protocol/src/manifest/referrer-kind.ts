/** What a manifest that refers to another one is to people. */
export const REFERRER_KINDS = ["signature", "sbom", "attestation", "other"] as const;
export type ReferrerKind = (typeof REFERRER_KINDS)[number];

/** Of Notary Project's signatures, and of cosign's before it made bundles. */
export const SIGNATURE_TYPES = [
  "application/vnd.cncf.notary.signature",
  "application/vnd.dev.cosign.artifact.sig.v1+json",
] as const;
/** Sigstore's bundles hold signatures and attestations: what is signed says which (sigstore's protobuf-specs). */
export const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle";
/** Annotation of a bundle that says what is signed. */
export const PREDICATE = "dev.sigstore.bundle.predicateType";
/** What a signature without anything said is called by cosign. */
export const SIGNED = "https://sigstore.dev/cosign/sign/v1";

const SBOM = /spdx|cyclonedx|syft|sbom/i;
const ATTESTATION = /in-toto|\.att\.|attestation|slsa|provenance/i;
/** Endings of tags under which cosign 2 keeps what belongs to an image (`sha256-….sig`). */
const OF_TAGS: Readonly<Record<string, ReferrerKind>> = {
  ...{ sig: "signature", att: "attestation", sbom: "sbom" },
};

/**
 * @param referrer - type and annotations of what refers, and the tag under which it was found, if that is how
 * @returns what it is, as far as its type says
 */
export function referrerKind({
  artifactType,
  annotations = {},
  tag = null,
}: {
  readonly artifactType: string | null;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tag?: string | null;
}): ReferrerKind {
  const ofTag = tag === null ? undefined : OF_TAGS[tag.slice(tag.lastIndexOf(".") + 1)];
  if (ofTag !== undefined) return ofTag;
  const type = artifactType ?? "";
  const predicate = annotations[PREDICATE] ?? (type.startsWith(BUNDLE_TYPE) ? SIGNED : "");
  if (predicate === SIGNED || (SIGNATURE_TYPES as readonly string[]).includes(type))
    return "signature";
  if (SBOM.test(`${type} ${predicate}`)) return "sbom";
  return predicate !== "" || ATTESTATION.test(type) ? "attestation" : "other";
}
