/** How much a manifest may name. What is within is far above what builders make, and cheap to look through. */
export interface ManifestBounds {
  readonly layers: number;
  /** Manifests of an index. */
  readonly children: number;
  /** Entries of one set of annotations. */
  readonly annotations: number;
  /** All annotations, keys and values, in characters. */
  readonly annotationCharacters: number;
  /** Of one layer. */
  readonly urls: number;
}

/**
 * Docker stacks at most 127 layers, artifacts are made of some hundred files; an index of referrers grows by one
 * for each signature or report, of some hundred bytes; cosign keeps signature, certificates and log entry in
 * annotations, some 10 KB each. A manifest has at most 4 MiB in any case.
 */
export const MANIFEST_BOUNDS: ManifestBounds = {
  layers: 1_000,
  children: 5_000,
  annotations: 500,
  annotationCharacters: 4 * 1024 * 1024,
  urls: 16,
};

/** The environment variable that sets each bound. */
export const BOUND_SETTINGS: Readonly<Record<keyof ManifestBounds, string>> = {
  layers: "MANIFEST_LAYERS",
  children: "MANIFEST_CHILDREN",
  annotations: "MANIFEST_ANNOTATIONS",
  annotationCharacters: "MANIFEST_ANNOTATION_CHARACTERS",
  urls: "MANIFEST_LAYER_URLS",
};

/** For what stands already: it got there under whatever bounds there were. */
export const UNBOUNDED: ManifestBounds = {
  layers: Infinity,
  children: Infinity,
  annotations: Infinity,
  annotationCharacters: Infinity,
  urls: Infinity,
};
