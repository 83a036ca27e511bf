import type { Digest } from "../digest.js";
import type { JsonObject } from "../json/json-value.js";

/** What of the platform an image runs on is said (OCI image-spec, "Image Index"). */
export interface Platform {
  readonly os: string | null;
  readonly architecture: string | null;
}

/** What one part of a manifest is and how it is addressed (OCI image-spec, "Content Descriptors"). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  readonly urls: readonly string[];
  readonly annotations: Annotations;
  readonly platform: Platform | null;
  readonly artifactType: string | null;
  /** All that it says, whether or not it is understood. */
  readonly written: JsonObject;
}

/** Annotations by their keys. */
export type Annotations = ReadonlyMap<string, string>;

/** Media types of the manifests that registries take, and of which kind they are. */
export const MANIFEST_KINDS = {
  "application/vnd.oci.image.manifest.v1+json": "image",
  "application/vnd.oci.image.index.v1+json": "index",
  "application/vnd.docker.distribution.manifest.v2+json": "image",
  "application/vnd.docker.distribution.manifest.list.v2+json": "index",
} as const;

/** Media type of a manifest. */
export type ManifestMediaType = keyof typeof MANIFEST_KINDS;

/** Media types of one kind of manifest. */
type MediaTypeOf<K> = {
  [T in ManifestMediaType]: (typeof MANIFEST_KINDS)[T] extends K ? T : never;
}[ManifestMediaType];

interface AnyManifest {
  /** What the manifest is about, for a signature or another referrer. */
  readonly subject: Descriptor | null;
  readonly artifactType: string | null;
  readonly annotations: Annotations;
}

/** A manifest of one image or artifact (OCI image-spec, "Image Manifest"; Docker's version 2, schema 2). */
export interface ImageManifest extends AnyManifest {
  readonly kind: "image";
  readonly mediaType: MediaTypeOf<"image">;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** A list of manifests, usually one for each platform (OCI image-spec, "Image Index"; Docker's manifest list). */
export interface IndexManifest extends AnyManifest {
  readonly kind: "index";
  readonly mediaType: MediaTypeOf<"index">;
  readonly manifests: readonly Descriptor[];
}

/** A manifest that everybody who can read it reads in the same way. */
export type Manifest = ImageManifest | IndexManifest;

/**
 * A manifest from before the gateway, or past it, that not everybody reads in the same way. It may mean any of
 * what stands in it.
 */
export interface UnclearManifest {
  readonly kind: "unclear";
  /** Why it is. */
  readonly reason: string;
  readonly children: readonly Digest[];
  readonly subjects: readonly Digest[];
  readonly blobs: readonly Digest[];
}

/** A manifest that stands at the registry, however it got there. */
export type StandingManifest = Manifest | UnclearManifest;
