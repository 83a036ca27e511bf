import { fieldNames, Fields } from "../json/fields.js";
import { JsonNumber, JsonObject, JsonProblem, type JsonValue } from "../json/json-value.js";
import { readJson, type JsonRules, type Work } from "../json/read-json.js";
import type { ManifestBounds } from "./bounds.js";
import { refuseFalseUrls, refuseUrls } from "./foreign-layers.js";
import {
  MANIFEST_KINDS,
  type Descriptor,
  type ImageManifest,
  type IndexManifest,
  type Manifest,
  type ManifestMediaType,
} from "./manifest.js";
import { manifestMediaType } from "./media-type.js";
import { annotationsIn, descriptorOf, refuseMore, type Allowance } from "./read-descriptor.js";

const MANIFEST = fieldNames(
  ...["schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject"],
  ...["annotations", "blobs", "fsLayers", "history", "signatures"],
);

/** What no kind of manifest that registries take has, but a reader of other kinds may look at. */
const OF_OTHER_KINDS = ["blobs", "fsLayers", "history", "signatures"];

/** Deeper and more than anything that builders write: five levels, and a dozen values for each part. */
const RULES: JsonRules = {
  strict: true,
  maxDepth: 100,
  maxValues: 100_000,
  maxEntries: 20_000,
  maxCharacters: 1024 * 1024,
};

/** Parts looked through in one step. */
const PARTS_A_STEP = 50;

/**
 * Reads a manifest as strictly as the strictest of its readers (the stock registry's, clients in Go and other
 * languages), so that what is accepted means the same to all.
 *
 * @param content - the manifest's bytes
 * @param contentType - `Content-Type` that it came with
 * @param bounds - how much it may name
 * @returns steps that end with what it says
 * @throws JsonProblem that says what is wrong with it
 */
export function* readManifest(
  content: Uint8Array,
  contentType: string,
  bounds: ManifestBounds,
): Work<Manifest> {
  const mediaType = manifestMediaType(contentType);
  const json = yield* readJson(content, RULES);
  if (!(json instanceof JsonObject)) throw new JsonProblem("it is no object");
  const fields = new Fields(json, MANIFEST, "the manifest");
  refuseOtherKinds(fields, mediaType);
  const allowance: Allowance = { bounds, annotationCharacters: 0 };
  const common = {
    subject: subjectIn(fields, allowance),
    artifactType: fields.text("artifactType"),
    annotations: annotationsIn(fields, "the manifest", allowance),
  };
  if (isImageType(mediaType))
    return { ...common, ...(yield* imageIn(fields, allowance, mediaType)) };
  return { ...common, mediaType, ...(yield* indexIn(fields, allowance)) };
}

function isImageType(mediaType: ManifestMediaType): mediaType is ImageManifest["mediaType"] {
  return MANIFEST_KINDS[mediaType] === "image";
}

function refuseOtherKinds(fields: Fields, mediaType: ManifestMediaType): void {
  const version = fields.get("schemaVersion");
  if (!(version instanceof JsonNumber) || version.literal !== "2")
    throw new JsonProblem(`"schemaVersion" has to be 2`);
  const said = fields.text("mediaType");
  // Docker's kinds have to say what they are; without it the registry would give them out as another kind.
  const isSilent = said === null && mediaType.startsWith("application/vnd.oci.");
  if (!isSilent && said !== mediaType)
    throw new JsonProblem(`"mediaType" has to be that of Content-Type, ${mediaType}`);
  const isImage = isImageType(mediaType);
  for (const name of [...(isImage ? ["manifests"] : ["config", "layers"]), ...OF_OTHER_KINDS])
    if (fields.get(name) !== undefined)
      throw new JsonProblem(`${isImage ? "an image" : "an index"} has no "${name}"`);
}

function* imageIn(
  fields: Fields,
  allowance: Allowance,
  mediaType: ImageManifest["mediaType"],
): Work<Pick<ImageManifest, "kind" | "mediaType" | "config" | "layers">> {
  const written = fields.object("config");
  if (written === null) throw new JsonProblem(`an image needs a "config"`);
  const config = descriptorOf(written, "config", allowance);
  refuseUrls(config, "config");
  const list = fields.list("layers") ?? [];
  refuseMore(list.length, "layers", allowance.bounds, "layers");
  const layers = yield* descriptorsOf(list, "layers", allowance);
  for (const [i, layer] of layers.entries())
    yield* refuseFalseUrls(layer, `layers[${i}]`, mediaType);
  return { kind: "image", mediaType, config, layers };
}

function* indexIn(
  fields: Fields,
  allowance: Allowance,
): Work<Pick<IndexManifest, "kind" | "manifests">> {
  const list = fields.list("manifests");
  // An OCI index without it would be given out as an image.
  if (list === null) throw new JsonProblem(`an index needs a list "manifests"`);
  refuseMore(list.length, "children", allowance.bounds, "manifests");
  const manifests = yield* descriptorsOf(list, "manifests", allowance);
  manifests.forEach((child, i) => {
    refuseUrls(child, `manifests[${i}]`);
  });
  return { kind: "index", manifests };
}

function subjectIn(fields: Fields, allowance: Allowance): Descriptor | null {
  const written = fields.object("subject");
  if (written === null) return null;
  const subject = descriptorOf(written, "subject", allowance);
  refuseUrls(subject, "subject");
  return subject;
}

function* descriptorsOf(
  list: readonly JsonValue[],
  name: string,
  allowance: Allowance,
): Work<readonly Descriptor[]> {
  const descriptors: Descriptor[] = [];
  for (const [i, value] of list.entries()) {
    descriptors.push(descriptorOf(value, `${name}[${i}]`, allowance));
    if (i % PARTS_A_STEP === 0) yield undefined;
  }
  return descriptors;
}
