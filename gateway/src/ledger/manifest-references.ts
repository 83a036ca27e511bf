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
    const digest = descriptor.safeParse(entry).data?.digest ?? blobSumOf(entry);
    return digest !== undefined && isDigest(digest) ? [digest] : [];
  });
}

function blobSumOf(entry: unknown): string | undefined {
  return z.looseObject({ blobSum: z.string() }).safeParse(entry).data?.blobSum;
}
