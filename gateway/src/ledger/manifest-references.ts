import { z } from "zod";
import { isDigest, type Digest } from "#registry-protocol/digest.js";

/** What a manifest points to. */
export interface ManifestReference {
  readonly kind: "child" | "subject" | "blob";
  readonly target: Digest;
}

const descriptor = z.looseObject({ digest: z.string() });
const descriptors = z.array(z.unknown()).catch([]).default([]);

/**
 * Of all kinds of manifests: OCI and Docker images (`config`, `layers`), indexes (`manifests`), referrers
 * (`subject`), OCI artifacts (`blobs`) and Docker's first format (`fsLayers`). The media type does not matter:
 * a registry takes what looks like a manifest, whatever it is called.
 */
const manifestSchema = z.looseObject({
  config: z.unknown().optional(),
  layers: descriptors,
  blobs: descriptors,
  fsLayers: descriptors,
  manifests: descriptors,
  subject: z.unknown().optional(),
});

/**
 * @param content - a manifest's bytes, at most 4 MiB
 * @returns what it points to, each once; nothing when it is of a kind that cannot be read
 */
export function manifestReferences(content: Uint8Array): ManifestReference[] {
  const manifest = parseManifest(content);
  if (manifest === null) return [];
  const { manifests, subject, config, layers, blobs, fsLayers } = manifest;
  const found = [
    ...digestsOf(manifests).map((target) => ({ kind: "child", target }) as const),
    ...digestsOf([subject]).map((target) => ({ kind: "subject", target }) as const),
    ...digestsOf([config, ...layers, ...blobs, ...fsLayers]).map(
      (target) => ({ kind: "blob", target }) as const,
    ),
  ];
  return [...new Map(found.map((one) => [`${one.kind} ${one.target}`, one])).values()];
}

/** Digests that registries know (OCI image-spec, descriptor, "Registered Algorithms", and sha384). */
const KNOWN_DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;

/**
 * @param content - a manifest's bytes, at most 4 MiB
 * @returns the first digest in it that cannot be one; `null` when there is none
 */
export function malformedDigest(content: Uint8Array): string | null {
  const manifest = parseManifest(content);
  if (manifest === null) return null;
  const { manifests, subject, config, layers, blobs, fsLayers } = manifest;
  for (const entry of [subject, config, ...manifests, ...layers, ...blobs, ...fsLayers]) {
    const digest = digestIn(entry);
    if (digest !== undefined && !KNOWN_DIGEST.test(digest)) return digest;
  }
  return null;
}

/**
 * @param content - a manifest's bytes
 * @returns the lists in it, or `null` when it is no JSON object
 */
export function parseManifest(content: Uint8Array): z.infer<typeof manifestSchema> | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(content).toString("utf8"));
    return manifestSchema.safeParse(parsed).data ?? null;
  } catch {
    return null;
  }
}

function digestsOf(list: readonly unknown[]): Digest[] {
  return list.flatMap((entry) => {
    const digest = digestIn(entry);
    return digest !== undefined && isDigest(digest) ? [digest] : [];
  });
}

function digestIn(entry: unknown): string | undefined {
  return descriptor.safeParse(entry).data?.digest ?? blobSumOf(entry);
}

function blobSumOf(entry: unknown): string | undefined {
  return z.looseObject({ blobSum: z.string() }).safeParse(entry).data?.blobSum;
}
