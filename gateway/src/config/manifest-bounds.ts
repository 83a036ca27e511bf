import { MANIFEST_BOUNDS, type ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import type { EnvReader } from "#service-kit/config.js";

/** Up to these the limits on work and statements were measured. */
const MOST: ManifestBounds = {
  layers: 20_000,
  children: 20_000,
  annotations: 20_000,
  annotationCharacters: 4 * 1024 * 1024,
  urls: 1_000,
};

/**
 * @param read - environment
 * @returns how much a manifest may name
 */
export function readManifestBounds(read: EnvReader): ManifestBounds {
  const { layers, children, annotations, annotationCharacters, urls } = MANIFEST_BOUNDS;
  return {
    layers: read.integer(
      "MANIFEST_LAYERS",
      layers,
      { min: 1, max: MOST.layers },
      "layers of an image that a push may name (docs/manifests.md)",
    ),
    children: read.integer(
      "MANIFEST_CHILDREN",
      children,
      { min: 1, max: MOST.children },
      "manifests of an index that a push may name",
    ),
    annotations: read.integer(
      "MANIFEST_ANNOTATIONS",
      annotations,
      { min: 1, max: MOST.annotations },
      "entries of one set of annotations that a push may have",
    ),
    annotationCharacters: read.integer(
      "MANIFEST_ANNOTATION_CHARACTERS",
      annotationCharacters,
      { min: 1, max: MOST.annotationCharacters },
      "characters of all annotations of a manifest together",
    ),
    urls: read.integer(
      "MANIFEST_LAYER_URLS",
      urls,
      { min: 1, max: MOST.urls },
      "URLs of a foreign layer that a push may name",
    ),
  };
}
