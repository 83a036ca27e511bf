import type { Digest } from "../digest.js";
import { mayBeElsewhere } from "./foreign-layers.js";
import type { StandingManifest } from "./manifest.js";
import { manifestReferences } from "./references.js";

/** One of the things without which a manifest is of no use to anybody. */
export interface NeededPart {
  readonly kind: "blob" | "manifest";
  readonly digest: Digest;
}

/**
 * @param manifest - a manifest
 * @returns what has to stand beside it in its repository, each once: configuration and layers, or children. Not its
 *   subject, which need not be there (OCI distribution-spec, "Pushing Manifests with Subject"), and no layer that is
 *   had from elsewhere. Of what not everybody reads in the same way, nobody can tell: nothing
 */
export function neededParts(manifest: StandingManifest): readonly NeededPart[] {
  if (manifest.kind === "unclear") return [];
  if (manifest.kind === "index")
    return manifestReferences(manifest)
      .filter(({ kind }) => kind !== "subject")
      .map(({ kind, target }) => ({
        kind: kind === "child" ? "manifest" : "blob",
        digest: target,
      }));
  const layers = manifest.layers.filter((layer) => !mayBeElsewhere(layer, manifest.mediaType));
  const digests = new Set([manifest.config, ...layers].map(({ digest }) => digest));
  return [...digests].map((digest) => ({ kind: "blob", digest }));
}

/**
 * @param manifest - a manifest
 * @returns how many bytes each blob has that an image needs, as it says; of an index nothing
 */
export function blobSizes(manifest: StandingManifest): ReadonlyMap<Digest, number> {
  if (manifest.kind !== "image") return new Map();
  return new Map([manifest.config, ...manifest.layers].map(({ digest, size }) => [digest, size]));
}
