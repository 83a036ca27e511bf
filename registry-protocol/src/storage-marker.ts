import { digestOf, type Digest } from "./digest.js";
import { parseRepositoryName, type RepositoryName } from "./repository-name.js";
import { parseTag } from "./tag.js";
import type { TagKey } from "./tag-key.js";

/**
 * Where the registry's storage says which one it is. Nobody else reads or writes there, and no list names it. It has a tag and
 * a layer, so that garbage collection keeps it.
 */
export const MARKER: TagKey = {
  repository: parseRepositoryName("wharfinger-storage/identity"),
  tag: parseTag("current"),
};

/** What a storage's marker consists of. */
export interface StorageMarker {
  readonly mediaType: string;
  readonly content: Buffer;
  readonly digest: Digest;
  /** The one blob that it needs. */
  readonly blob: Buffer;
}

/** OCI image-spec, "Guidance for an Empty Descriptor". */
const EMPTY = Buffer.from("{}");
const EMPTY_DESCRIPTOR = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: digestOf(EMPTY),
  size: EMPTY.length,
};
const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** @returns whether a repository holds the marker, and nothing of anybody's */
export function isMarkerRepository(name: string): boolean {
  return name === (MARKER.repository satisfies RepositoryName);
}

/**
 * @param id - of the storage, by which its marker differs from every other one
 * @returns its marker
 */
export function storageMarker(id: string): StorageMarker {
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE,
    artifactType: "application/vnd.wharfinger.storage.v1",
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    annotations: {
      "org.opencontainers.image.title": "identity of this storage",
      "org.opencontainers.image.description":
        "The gateways know the registry's storage by it. Without it they let nobody push.",
      "wharfinger.storage.id": id,
    },
  };
  const content = Buffer.from(JSON.stringify(manifest));
  return { mediaType: MEDIA_TYPE, content, digest: digestOf(content), blob: EMPTY };
}

/**
 * @param content - a manifest that stands where markers do
 * @returns the id of the storage; `null` when it is no marker
 */
export function markerId(content: Buffer): string | null {
  const id = /"wharfinger\.storage\.id":"([0-9a-f-]{36})"/.exec(content.toString())?.[1] ?? null;
  return id !== null && storageMarker(id).content.equals(content) ? id : null;
}
