import {
  BOUND_SETTINGS,
  MANIFEST_BOUNDS,
  type ManifestBounds,
} from "#registry-protocol/manifest/bounds.js";
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
  const bound = (name: keyof ManifestBounds) =>
    read.integer(BOUND_SETTINGS[name], MANIFEST_BOUNDS[name], { min: 1, max: MOST[name] });
  return {
    layers: bound("layers"),
    children: bound("children"),
    annotations: bound("annotations"),
    annotationCharacters: bound("annotationCharacters"),
    urls: bound("urls"),
  };
}
