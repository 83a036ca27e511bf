import type { Digest } from "../digest.js";
import { fieldNames, Fields } from "../json/fields.js";
import { JsonObject, JsonProblem } from "../json/json-value.js";
import { readJson, type JsonRules, type Work } from "../json/read-json.js";
import type { Annotations, Descriptor, StandingManifest } from "./manifest.js";
import { isPlatformImage } from "./platform-images.js";

/** What of a manifest a search looks at. */
export interface ImageParts {
  readonly annotations: Annotations;
  /** Of an index: its first image that is no attestation. */
  readonly firstImage: Digest | null;
  /** The image's configuration; `null` when there is none, or it is no image's. */
  readonly config: Digest | null;
  /** Layers that can be unpacked, the topmost first. */
  readonly layers: readonly Pick<Descriptor, "digest" | "size">[];
}

const CONFIG_TYPES: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];
/** Of OCI and Docker images; not those that registries do not have themselves. */
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer\.v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(?:\.gzip|\.zstd)?)$/;

/**
 * @param manifest - a manifest
 * @returns what of it may say or hold the source; `null` when not everybody reads it in the same way
 */
export function imageParts(manifest: StandingManifest): ImageParts | null {
  if (manifest.kind === "unclear") return null;
  const { annotations } = manifest;
  if (manifest.kind === "index") {
    const firstImage = manifest.manifests.find(isPlatformImage)?.digest ?? null;
    return { annotations, firstImage, config: null, layers: [] };
  }
  const { config, layers } = manifest;
  if (!CONFIG_TYPES.includes(config.mediaType))
    return { annotations, firstImage: null, config: null, layers: [] };
  const unpackable = layers.filter(({ mediaType }) => LAYER_TYPE.test(mediaType)).reverse();
  return { annotations, firstImage: null, config: config.digest, layers: unpackable };
}

const IMAGE = fieldNames("config");
const CONFIG = fieldNames("Labels");
/** Of what is read of a configuration. */
export const CONFIGURATION_RULES: JsonRules = {
  strict: true,
  maxDepth: 100,
  maxValues: 100_000,
  maxEntries: 20_000,
  maxCharacters: 1024 * 1024,
};

/**
 * @param content - bytes of an image's configuration (OCI image-spec, "Image Configuration")
 * @returns steps that end with its labels; with none, where not everybody reads the same
 */
export function* labelsOf(content: Uint8Array): Work<ReadonlyMap<string, string>> {
  try {
    const json = yield* readJson(content, CONFIGURATION_RULES);
    if (!(json instanceof JsonObject)) return new Map();
    const config = new Fields(json, IMAGE, "the configuration").object("config");
    if (config === null) return new Map();
    const labels = new Fields(config, CONFIG, "config").object("Labels")?.entries ?? [];
    return new Map(
      labels.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch (error) {
    if (error instanceof JsonProblem) return new Map();
    throw error;
  }
}
