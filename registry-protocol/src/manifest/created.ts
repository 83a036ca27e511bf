import { fieldNames, Fields } from "../json/fields.js";
import { JsonObject, JsonProblem } from "../json/json-value.js";
import { readJson, type Work } from "../json/read-json.js";
import { CONFIGURATION_RULES } from "./image-parts.js";
import type { Annotations } from "./manifest.js";

/** Annotation with the time at which an image was made (OCI image-spec, "Pre-Defined Annotation Keys"). */
const CREATED = "org.opencontainers.image.created";

const IMAGE = fieldNames("created");

/** RFC 3339, section 5.6. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * @param content - bytes of an image's configuration (OCI image-spec, "Image Configuration")
 * @returns steps that end with when it says that the image was made; `null` where it does not, or not everybody reads
 *   the same
 */
export function* createdOf(content: Uint8Array): Work<Date | null> {
  try {
    const json = yield* readJson(content, CONFIGURATION_RULES);
    if (!(json instanceof JsonObject)) return null;
    return parseTime(new Fields(json, IMAGE, "the configuration").text("created"));
  } catch (error) {
    if (error instanceof JsonProblem) return null;
    throw error;
  }
}

/**
 * @param annotations - annotations of a manifest or index
 * @returns when they say that it was made; `null` where they do not
 */
export function annotatedCreation(annotations: Annotations): Date | null {
  return parseTime(annotations.get(CREATED) ?? null);
}

function parseTime(text: string | null): Date | null {
  if (text === null || !TIMESTAMP.test(text)) return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}
