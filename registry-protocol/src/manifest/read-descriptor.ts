import { digestOf, isDigest, type Digest } from "../digest.js";
import { fieldNames, Fields } from "../json/fields.js";
import { JsonObject, JsonProblem, shown, type JsonValue } from "../json/json-value.js";
import { BOUND_SETTINGS, type ManifestBounds } from "./bounds.js";
import type { Annotations, Descriptor, Platform } from "./manifest.js";

const DESCRIPTOR = fieldNames(
  ...["mediaType", "digest", "size", "urls", "annotations", "platform", "artifactType", "data"],
);
const PLATFORM = fieldNames(
  ...["architecture", "os", "os.version", "os.features", "variant", "features"],
);

/** Bounds, and what of them is used up. */
export interface Allowance {
  readonly bounds: ManifestBounds;
  annotationCharacters: number;
}

/**
 * @param count - how many there are
 * @param bound - how many there may be
 * @param bounds - the bounds
 * @param what - what they are, in words
 * @throws JsonProblem that names the bound's setting when there are more
 */
export function refuseMore(
  count: number,
  bound: keyof ManifestBounds,
  bounds: ManifestBounds,
  what: string,
): void {
  if (count > bounds[bound])
    throw new JsonProblem(`${what}: more than ${bounds[bound]} (${BOUND_SETTINGS[bound]})`);
}

/**
 * @param value - what stands where a descriptor belongs
 * @param where - where that is, for problems
 * @param allowance - bounds
 * @returns the descriptor
 * @throws JsonProblem that says what is wrong with it
 */
export function descriptorOf(value: JsonValue, where: string, allowance: Allowance): Descriptor {
  if (!(value instanceof JsonObject)) throw new JsonProblem(`${where} has to be an object`);
  const fields = new Fields(value, DESCRIPTOR, where);
  const mediaType = fields.text("mediaType");
  if (mediaType === null || mediaType === "") throw fields.problem("mediaType", "is missing");
  const size = fields.count("size");
  if (size === null) throw fields.problem("size", "is missing");
  const digest = digestIn(fields);
  const urls = fields.texts("urls");
  refuseMore(urls.length, "urls", allowance.bounds, `urls of ${where}`);
  refuseOtherData(fields, { digest, size });
  return {
    ...{ mediaType, digest, size, urls },
    annotations: annotationsIn(fields, where, allowance),
    platform: platformIn(fields, where),
    artifactType: fields.text("artifactType"),
    written: value,
  };
}

/**
 * @param fields - fields of a descriptor or a manifest
 * @param where - where it stands, for problems
 * @param allowance - bounds
 * @returns its annotations, none when it has no such field
 * @throws JsonProblem when they are of another form, or too many
 */
export function annotationsIn(fields: Fields, where: string, allowance: Allowance): Annotations {
  const entries = fields.object("annotations")?.entries ?? [];
  const { bounds } = allowance;
  refuseMore(entries.length, "annotations", bounds, `annotations of ${where}`);
  const annotations = new Map<string, string>();
  for (const [key, value] of entries) {
    if (typeof value !== "string") throw fields.problem("annotations", "has to hold strings");
    allowance.annotationCharacters += key.length + value.length;
    annotations.set(key, value);
  }
  const characters = allowance.annotationCharacters;
  refuseMore(characters, "annotationCharacters", bounds, "characters of annotations");
  return annotations;
}

function digestIn(fields: Fields): Digest {
  const digest = fields.text("digest");
  if (digest === null) throw fields.problem("digest", "is missing");
  if (!isDigest(digest)) throw fields.problem("digest", `is none: ${shown(digest)}`);
  return digest;
}

function platformIn(fields: Fields, where: string): Platform | null {
  const written = fields.object("platform");
  if (written === null) return null;
  const platform = new Fields(written, PLATFORM, `the platform of ${where}`);
  for (const name of ["os.version", "variant"]) platform.text(name);
  for (const name of ["os.features", "features"]) platform.texts(name);
  return { os: platform.text("os"), architecture: platform.text("architecture") };
}

/** Content beside its address: whoever takes it from here has to get the same (OCI image-spec, "Content Descriptors"). */
function refuseOtherData(
  fields: Fields,
  { digest, size }: { readonly digest: Digest; readonly size: number },
): void {
  const data = fields.text("data");
  if (data === null) return;
  const content = Buffer.from(data, "base64");
  if (content.toString("base64") !== data) throw fields.problem("data", "has to be base64");
  if (content.length !== size || digestOf(content, digest) !== digest)
    throw fields.problem("data", "is not what digest and size say");
}
