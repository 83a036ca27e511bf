import type { Digest } from "../digest.js";
import type { StandingManifest } from "./manifest.js";

/** What a manifest points to. */
export interface ManifestReference {
  readonly kind: "child" | "subject" | "blob";
  readonly target: Digest;
}

/**
 * @param manifest - a manifest
 * @returns what it points to, or may point to, each once
 */
export function manifestReferences(manifest: StandingManifest): ManifestReference[] {
  return [
    ...of("child", childrenOf(manifest)),
    ...of("subject", subjectsOf(manifest)),
    ...of("blob", blobsOf(manifest)),
  ];
}

/**
 * @param manifest - a manifest
 * @returns the manifests below it, each once
 */
export function childrenOf(manifest: StandingManifest): readonly Digest[] {
  if (manifest.kind === "unclear") return manifest.children;
  return manifest.kind === "index" ? digestsOf(manifest.manifests) : [];
}

function subjectsOf(manifest: StandingManifest): readonly Digest[] {
  if (manifest.kind === "unclear") return manifest.subjects;
  return manifest.subject === null ? [] : [manifest.subject.digest];
}

function blobsOf(manifest: StandingManifest): readonly Digest[] {
  if (manifest.kind === "unclear") return manifest.blobs;
  return manifest.kind === "image" ? digestsOf([manifest.config, ...manifest.layers]) : [];
}

function digestsOf(parts: readonly { readonly digest: Digest }[]): readonly Digest[] {
  return [...new Set(parts.map(({ digest }) => digest))];
}

function of(kind: ManifestReference["kind"], targets: readonly Digest[]): ManifestReference[] {
  return targets.map((target) => ({ kind, target }));
}
