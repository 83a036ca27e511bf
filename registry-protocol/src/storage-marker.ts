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

/**
 * Beside the marker, and written anew as time goes by: an older copy of a storage has the same marker, and an older step.
 */
export const STEP: TagKey = { repository: MARKER.repository, tag: parseTag("step") };

/** How far a storage has come. */
export interface StorageStep {
  /** Of the storage. */
  readonly id: string;
  /** Grows with each. */
  readonly number: number;
  /** When it was written, by the database's clock. */
  readonly at: string;
  /** No two have the same, whatever their numbers. */
  readonly nonce: string;
}

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
  return markerOf({
    "org.opencontainers.image.title": "identity of this storage",
    "org.opencontainers.image.description":
      "The gateways know the registry's storage by it. Without it they let nobody push.",
    [ID]: id,
  });
}

/**
 * @param step - how far a storage has come
 * @returns what says so in it
 */
export function stepMarker({ id, number, at, nonce }: StorageStep): StorageMarker {
  return markerOf({
    "org.opencontainers.image.title": "how far this storage has come",
    "org.opencontainers.image.description":
      "The gateways know an older copy of the registry's storage by it. On such a one they let nobody push.",
    [ID]: id,
    ...{ [NUMBER]: String(number), [AT]: at, [NONCE]: nonce },
  });
}

/**
 * @param content - a manifest that stands where markers do
 * @returns the id of the storage; `null` when it is no marker
 */
export function markerId(content: Buffer): string | null {
  const id = annotation(content, ID, "[0-9a-f-]{36}");
  return id !== null && storageMarker(id).content.equals(content) ? id : null;
}

/**
 * @param content - a manifest that stands where steps do
 * @returns what it says; `null` when it is none
 */
export function markerStep(content: Buffer): StorageStep | null {
  const id = annotation(content, ID, "[0-9a-f-]{36}");
  const number = annotation(content, NUMBER, "\\d{1,15}");
  const at = annotation(content, AT, "[0-9TZ:.-]{20,30}");
  const nonce = annotation(content, NONCE, "[0-9a-f-]{36}");
  if (id === null || number === null || at === null || nonce === null) return null;
  const step = { id, number: Number(number), at, nonce };
  return stepMarker(step).content.equals(content) ? step : null;
}

const ID = "wharfinger.storage.id";
const NUMBER = "wharfinger.storage.step";
const AT = "wharfinger.storage.at";
const NONCE = "wharfinger.storage.nonce";

function annotation(content: Buffer, name: string, form: string): string | null {
  return new RegExp(`"${name}":"(${form})"`).exec(content.toString())?.[1] ?? null;
}

function markerOf(annotations: Readonly<Record<string, string>>): StorageMarker {
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE,
    artifactType: "application/vnd.wharfinger.storage.v1",
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    annotations,
  };
  const content = Buffer.from(JSON.stringify(manifest));
  return { mediaType: MEDIA_TYPE, content, digest: digestOf(content), blob: EMPTY };
}
