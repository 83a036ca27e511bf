import type { ManifestBytes, StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import { inSlices } from "#service-kit/in-slices.js";

/**
 * @param bytes - a manifest that stands at the registry or in the ledger
 * @returns it, read
 */
export async function readStored(bytes: ManifestBytes): Promise<StoredManifest> {
  const { content, mediaType } = bytes;
  return { ...bytes, reading: await inSlices(readStanding(content, mediaType)) };
}
