import { LRUCache } from "lru-cache";
import type { Digest } from "../digest.js";
import type { ManifestMediaType, StandingManifest } from "./manifest.js";

const LIST: ManifestMediaType = "application/vnd.docker.distribution.manifest.list.v2+json";
const IMAGES: readonly ManifestMediaType[] = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
];

/**
 * Stock registries look for the very types, and not at wildcards or weights (registry/handlers/manifests.go, both lines).
 * Who names no kind of manifest at all takes what there is.
 *
 * @param accept - `Accept` of who reads a tag, if any
 * @returns whether they can use single images, and no list of them
 */
export function takesSingleImagesAlone(accept: string | undefined): boolean {
  const types = acceptedTypes(accept);
  return IMAGES.some((type) => types.includes(type)) && !types.includes(LIST);
}

/**
 * @param mediaType - of a manifest
 * @returns whether it is a list, of which {@link defaultImage} may give an image
 */
export function isManifestList(mediaType: string): boolean {
  return mediaType === LIST;
}

/** Clients send one of a few; whoever sends others each time takes no more room than these. */
const REMEMBERED_ACCEPTS = { max: 100, characters: 2_000 };
const known = new LRUCache<string, readonly string[]>({ max: REMEMBERED_ACCEPTS.max });

/**
 * @param accept - `Accept` of who reads a manifest, if any
 * @returns the types that it names, whatever their weights
 */
export function acceptedTypes(accept = ""): readonly string[] {
  const before = known.get(accept);
  if (before !== undefined) return before;
  const types = accept.split(",").map((part) => part.replace(/;.*/s, "").trim().toLowerCase());
  if (accept.length <= REMEMBERED_ACCEPTS.characters) known.set(accept, types);
  return types;
}

/**
 * What stock registries give of Docker's manifest lists to who takes single images alone. Of OCI's indexes they give
 * nothing.
 *
 * @param manifest - what a tag means
 * @returns the image for linux/amd64 in it, `null` when it has none; `undefined` when it is no such list
 */
export function defaultImage(manifest: StandingManifest): Digest | null | undefined {
  if (manifest.kind !== "index" || manifest.mediaType !== LIST) return undefined;
  const image = manifest.manifests.find(
    ({ platform }) => platform?.os === "linux" && platform.architecture === "amd64",
  );
  return image?.digest ?? null;
}
