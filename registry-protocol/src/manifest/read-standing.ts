import { isDigest, type Digest } from "../digest.js";
import { fieldNames, type FieldNames } from "../json/fields.js";
import { isList, JsonObject, JsonProblem, type JsonValue } from "../json/json-value.js";
import { readJson, type Work } from "../json/read-json.js";
import { UNBOUNDED } from "./bounds.js";
import { LENIENT } from "./lenient.js";
import type { StandingManifest, UnclearManifest } from "./manifest.js";
import { readManifest } from "./read-manifest.js";

/**
 * Reads a manifest that stands at the registry, and may have got there before the gateway or past it. What cannot
 * be read strictly is read as whatever any reader may see in it: doubled keys all count, and so does every key
 * that a reader may take for a field's name.
 *
 * @param content - the manifest's bytes
 * @param mediaType - the one under which it was stored
 * @returns steps that end with what it says or may say; nothing, where no registry could read it either
 */
export function* readStanding(content: Uint8Array, mediaType: string): Work<StandingManifest> {
  try {
    return yield* readManifest(content, mediaType, UNBOUNDED);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    return { kind: "unclear", reason: error.message, ...(yield* mayNameOf(content)) };
  }
}

type MayName = Pick<UnclearManifest, "children" | "subjects" | "blobs">;

function* mayNameOf(content: Uint8Array): Work<MayName> {
  try {
    const json = yield* readJson(content, LENIENT);
    return {
      children: yield* digestsBelow(json, CHILDREN),
      subjects: yield* digestsBelow(json, SUBJECTS),
      blobs: yield* digestsBelow(json, BLOBS),
    };
  } catch (error) {
    if (error instanceof JsonProblem) return { children: [], subjects: [], blobs: [] };
    throw error;
  }
}

const CHILDREN = fieldNames("manifests");
const SUBJECTS = fieldNames("subject");
const BLOBS = fieldNames("config", "layers", "blobs", "fsLayers");
const DIGESTS = fieldNames("digest", "blobSum");

function* digestsBelow(json: JsonValue, names: FieldNames): Work<readonly Digest[]> {
  const found = new Set<Digest>();
  for (const [i, list] of (yield* valuesOf(json, names)).entries()) {
    if (i % KEYS_A_STEP === 0) yield undefined;
    for (const descriptor of isList(list) ? list : [list])
      for (const digest of yield* valuesOf(descriptor, DIGESTS))
        if (typeof digest === "string" && isDigest(digest)) found.add(digest);
  }
  return [...found];
}

/** Keys looked through in one step. */
const KEYS_A_STEP = 1_000;

function* valuesOf(json: JsonValue, names: FieldNames): Work<readonly JsonValue[]> {
  yield undefined;
  if (!(json instanceof JsonObject)) return [];
  const values: JsonValue[] = [];
  for (const [i, [key, value]] of json.entries.entries()) {
    if (names.folds(key)) values.push(value);
    if (i % KEYS_A_STEP === KEYS_A_STEP - 1) yield undefined;
  }
  return values;
}
