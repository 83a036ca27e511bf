import { canonicalJson } from "../json/canonical-json.js";
import { isList, JsonObject, JsonProblem, type JsonValue } from "../json/json-value.js";
import { readJson, type JsonRules, type Work } from "../json/read-json.js";
import type { ImageManifest } from "./manifest.js";
import { samePlatformImages } from "./platform-images.js";
import type { StoredManifest } from "./stored-manifest.js";

/** What two manifests differ in. */
export interface ManifestDifference {
  /** What is the same, and what is other: at most 30 characters, so that the error has room for names. */
  readonly words: string;
  /** Whether both run, or are made of, the very same. */
  readonly isSameContent: boolean;
}

const EMPTY = "application/vnd.oci.empty.v1+json";

/** What readers take in different ways is not compared; canonical text is written by recursion. */
const RULES: JsonRules = {
  strict: true,
  maxDepth: 100,
  maxValues: Infinity,
  maxEntries: Infinity,
  maxCharacters: Infinity,
};

/**
 * Whoever builds again gets another digest for reasons that are hard to see: a date in an annotation (Helm, `created`),
 * another writer's order of keys, provenance around the same images.
 *
 * @param held - manifest that a tag means
 * @param offered - manifest that was to replace it
 * @returns steps that end with what differs; `null` when it is what one would think: the content
 */
export function* differenceOf(
  held: StoredManifest,
  offered: StoredManifest,
): Work<ManifestDifference | null> {
  const [ours, theirs] = [yield* readStrictly(held), yield* readStrictly(offered)];
  const isIndex = held.reading.kind === "index" && offered.reading.kind === "index";
  if (ours !== null && theirs !== null) {
    if (yield* isSame(ours, theirs)) return same("same content, other key order");
    if (yield* isSame(withoutAnnotations(ours), withoutAnnotations(theirs)))
      return same(`same ${isIndex ? "images" : "image"}, other annotations`);
  }
  if (samePlatformImages(held, offered)) return same("same images, other index");
  if (held.reading.kind !== "image" || offered.reading.kind !== "image") return null;
  return imageDifference(held.reading, offered.reading);
}

function imageDifference(held: ImageManifest, offered: ImageManifest): ManifestDifference | null {
  const sameLayers = held.layers.length > 0 && digestsOf(held) === digestsOf(offered);
  const sameConfig =
    held.config.mediaType !== EMPTY && held.config.digest === offered.config.digest;
  if (sameLayers && sameConfig) return same("same image, other manifest");
  if (sameLayers) return { words: "same layers, other config", isSameContent: false };
  if (sameConfig) return { words: "same config, other layers", isSameContent: false };
  return null;
}

function digestsOf({ layers }: ImageManifest): string {
  return layers.map(({ digest }) => digest).join();
}

function same(words: string): ManifestDifference {
  return { words, isSameContent: true };
}

function* readStrictly({ content }: StoredManifest): Work<JsonValue | null> {
  try {
    return yield* readJson(content, RULES);
  } catch (error) {
    if (error instanceof JsonProblem) return null;
    throw error;
  }
}

function* isSame(one: JsonValue, other: JsonValue): Work<boolean> {
  return (yield* canonicalJson(one)) === (yield* canonicalJson(other));
}

/** Neither those of the manifest nor those of anything that it names. */
function withoutAnnotations(manifest: JsonValue): JsonValue {
  if (!(manifest instanceof JsonObject)) return manifest;
  const entries = manifest.entries.filter(([key]) => key !== "annotations");
  return new JsonObject(
    entries.map(([key, value]) => [
      key,
      isList(value) ? value.map(withoutAnnotations) : withoutAnnotations(value),
    ]),
  );
}
