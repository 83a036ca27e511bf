import type { Descriptor, StandingManifest } from "./manifest.js";

/** A manifest and its address. */
export interface AddressedManifest {
  readonly digest: string;
  readonly reading: StandingManifest;
}

/**
 * A rebuild with provenance gives a new index around the very same images, and its author wonders what
 * differs.
 *
 * @param held - manifest that a tag means
 * @param offered - manifest that was to replace it
 * @returns whether both run the same images on every platform, so that only the index around them differs
 */
export function samePlatformImages(held: AddressedManifest, offered: AddressedManifest): boolean {
  const [ours, theirs] = [platformImages(held), platformImages(offered)];
  return ours.size > 0 && ours.size === theirs.size && [...ours].every((d) => theirs.has(d));
}

/**
 * @param child - what an index says of a manifest in it
 * @returns whether that can be run, and is not BuildKit's attestation of another one
 */
export function isPlatformImage({ annotations, platform }: Descriptor): boolean {
  return !annotations.has("vnd.docker.reference.type") && platform?.os !== "unknown";
}

/** Digests of what can be run: an index's images without attestations, or the one image itself. */
function platformImages({ digest, reading }: AddressedManifest): Set<string> {
  if (reading.kind !== "index") return new Set([digest]);
  return new Set(reading.manifests.filter(isPlatformImage).map((child) => child.digest));
}
