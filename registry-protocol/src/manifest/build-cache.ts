import type { Descriptor, StandingManifest } from "./manifest.js";

const CONFIGURATION = "application/vnd.buildkit.cacheconfig.v0";
const LAYER =
  /^application\/vnd\.(?:oci\.image\.layer\.v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(?:\.gzip|\.zstd)?)$/;

/**
 * A cache as BuildKit writes it without `image-manifest=true` (cache/remotecache/export.go): an index of layers, with the
 * cache's configuration among them. Nothing in it says of which platform it is, so no client takes a part of it for an image.
 *
 * @param manifest - a manifest
 * @returns whether its parts are blobs by what it says of them, and not manifests
 */
export function isBuildCache(manifest: StandingManifest): boolean {
  if (manifest.kind !== "index" || manifest.subject !== null || manifest.artifactType !== null)
    return false;
  const { manifests } = manifest;
  const configurations = manifests.filter(({ mediaType }) => mediaType === CONFIGURATION);
  return configurations.length === 1 && manifests.every(isBlob);
}

function isBlob({ mediaType, platform, artifactType }: Descriptor): boolean {
  const isKnown = mediaType === CONFIGURATION || LAYER.test(mediaType);
  return isKnown && platform === null && artifactType === null;
}
