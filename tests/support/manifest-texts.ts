import { digestOf } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";

export const IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json";
export const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

/** What images without content have as their configuration. */
export const EMPTY_CONFIG = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: digestOf(Buffer.from("{}")),
  size: 2,
};

/**
 * @param more - what it says besides; other words, other digest
 * @returns an image without layers, in JSON
 */
export function imageText(more: object = {}): string {
  return JSON.stringify({ schemaVersion: 2, config: EMPTY_CONFIG, layers: [], ...more });
}

/**
 * @param content - a manifest
 * @returns what it says, as an index if it can be one, else as an image
 */
export function readingOf(content: Uint8Array): StandingManifest {
  const index = atOnce(readStanding(content, INDEX_TYPE));
  return index.kind === "unclear" ? atOnce(readStanding(content, IMAGE_TYPE)) : index;
}
