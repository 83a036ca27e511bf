import type { Digest } from "../digest.js";
import type { Manifest, StandingManifest } from "./manifest.js";

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
