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
 * @param accept - `Accept` of who reads a manifest, if any
 * @returns the types that it names, whatever their weights
 */
export function acceptedTypes(accept: string | undefined): string[] {
  return (accept ?? "").split(",").map((part) => part.replace(/;.*/s, "").trim().toLowerCase());
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
