import type { Digest } from "../digest.js";
import { isBuildCache } from "./build-cache.js";
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
 * @returns the manifests below it, each once; of a build cache none, whose parts are blobs
 */
export function childrenOf(manifest: StandingManifest): readonly Digest[] {
  if (manifest.kind === "unclear") return manifest.children;
  if (manifest.kind !== "index" || isBuildCache(manifest)) return [];
  return digestsOf(manifest.manifests);
}

/**
 * @param manifest - a manifest
 * @returns whether it names a subject, or may name one
 */
export function namesSubject(manifest: StandingManifest): boolean {
  return subjectsOf(manifest).length > 0;
}

function subjectsOf(manifest: StandingManifest): readonly Digest[] {
  if (manifest.kind === "unclear") return manifest.subjects;
  return manifest.subject === null ? [] : [manifest.subject.digest];
}

function blobsOf(manifest: StandingManifest): readonly Digest[] {
  if (manifest.kind === "unclear") return manifest.blobs;
  if (manifest.kind === "index") return isBuildCache(manifest) ? digestsOf(manifest.manifests) : [];
  return digestsOf([manifest.config, ...manifest.layers]);
}

function digestsOf(parts: readonly { readonly digest: Digest }[]): readonly Digest[] {
  return [...new Set(parts.map(({ digest }) => digest))];
}

function of(kind: ManifestReference["kind"], targets: readonly Digest[]): ManifestReference[] {
  return targets.map((target) => ({ kind, target }));
}
