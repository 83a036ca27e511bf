import { digestOf, type Digest } from "../digest.js";
import { labelsOf } from "./image-parts.js";
import type { Work } from "../json/read-json.js";
import type { Descriptor, Manifest } from "./manifest.js";

/**
 * Some clients delete a tag where a registry does not let them: they push an image of nothing under the tag, and delete
 * that one by its digest. What of a manifest says that it may be such a dummy:
 *
 * - `certain`: nobody else makes this one;
 * - `configuration`: its configuration decides ({@link isDummyConfiguration});
 * - `first-tag`: somebody might make it; it is one where it came under a tag that {@link isDummyTag} first.
 */
export type DummyForm = "certain" | "configuration" | "first-tag";

/** Regclient writes less than 500 bytes beside the tag's name, which is written twice at most. */
const MOST_CONFIGURATION_BYTES = 1_024;

const CONFIGURATION_TYPES: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];
/** `descriptor.EmptyDigest`, before 0.5 `types.ScratchDigest` of regclient (scheme/reg/tag.go, `TagDelete`). */
const EMPTY_JSON = digestOf(Buffer.from("{}"));
/** GitLab for registries of others (lib/container_registry/client.rb, `generate_empty_manifest`), by two writers of JSON. */
const GITLAB_CONFIGURATIONS: readonly Digest[] = [
  digestOf(Buffer.from('{\n  "config": {\n  }\n}')),
  digestOf(Buffer.from('{\n  "config": {}\n}')),
];
/** Portainer (`generateMinimalManifest`). Byte for byte what others may write for an image of nothing. */
const PORTAINER_MANIFEST = digestOf(
  Buffer.from(
    `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
      `"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"${EMPTY_JSON}","size":2},"layers":[]}`,
  ),
);
/** What Portainer names it first (`CreateDummyManifest`): with a time in nanoseconds. */
const DUMMY_TAG = /^__portainer_dummy_[0-9]+$/;

/**
 * @param manifest - what is pushed under a tag
 * @param digest - its digest
 * @returns whether it may be there to delete the tag by; `null`: it is not
 */
export function dummyForm(manifest: Manifest, digest: Digest): DummyForm | null {
  if (manifest.kind !== "image" || saysMore(manifest)) return null;
  if (digest === PORTAINER_MANIFEST) return "first-tag";
  const { config, layers } = manifest;
  if (!CONFIGURATION_TYPES.includes(config.mediaType)) return null;
  if (layers.length === 0 && GITLAB_CONFIGURATIONS.includes(config.digest)) return "certain";
  const isSmall = config.size <= MOST_CONFIGURATION_BYTES;
  return isSmall && layers.every(isEmptyJson) && layers.length <= 1 ? "configuration" : null;
}

/**
 * @param tag - a tag
 * @returns whether a client names a dummy like that while it is made ready for others' tags
 */
export function isDummyTag(tag: string): boolean {
  return DUMMY_TAG.test(tag);
}

/**
 * @param content - bytes of the configuration of a manifest whose form leaves it open
 * @param tag - the tag that it is pushed under
 * @returns steps that end with whether the manifest is there to delete the tag by: regclient's names the tag in one of its two
 *   labels, glorpen's docker-registry-cleaner writes a number below 1 (Python's `str(random())`) where an object belongs
 */
export function* isDummyConfiguration(content: Uint8Array, tag: string): Work<boolean> {
  if (/^(?:0\.[0-9]{1,20}|[1-9](?:\.[0-9]{1,20})?e-[0-9]{2})$/.test(latin1(content))) return true;
  const labels = yield* labelsOf(content);
  return labels.size === 2 && labels.get("delete-tag") === tag && labels.has("delete-date");
}

function saysMore({ subject, artifactType, annotations }: Manifest): boolean {
  return subject !== null || artifactType !== null || annotations.size > 0;
}

function isEmptyJson({ digest }: Descriptor): boolean {
  return digest === EMPTY_JSON;
}

function latin1(content: Uint8Array): string {
  return Buffer.from(content).toString("latin1");
}
