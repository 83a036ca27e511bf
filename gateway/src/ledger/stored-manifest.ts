import type { Digest } from "#registry-protocol/digest.js";
import type { Manifest, StandingManifest } from "#registry-protocol/manifest/manifest.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import { inSlices } from "#service-kit/in-slices.js";

/** A manifest's bytes as they were received. */
export interface ManifestBytes {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Buffer;
}

/** A manifest and what it says. */
export interface StoredManifest extends ManifestBytes {
  readonly reading: StandingManifest;
}

/** A manifest that was pushed, and read strictly. */
export interface PushedManifest extends StoredManifest {
  readonly reading: Manifest;
}

/**
 * @param bytes - a manifest that stands at the registry or in the ledger
 * @returns it, read
 */
export async function readStored(bytes: ManifestBytes): Promise<StoredManifest> {
  const { content, mediaType } = bytes;
  return { ...bytes, reading: await inSlices(readStanding(content, mediaType)) };
}
