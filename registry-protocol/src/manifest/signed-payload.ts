import { JsonNumber, JsonObject, isList, type JsonValue } from "../json/json-value.js";
import { readJson, type Work } from "../json/read-json.js";
import { LENIENT } from "./lenient.js";

/** Docker's schema 1 with a block of signatures, as registries 2.8 give it out. */
export const SIGNED_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
/** The same without that block: what its digest is of. */
export const PLAIN_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+json";

/** Numbers keep their value only where it is read strictly. */
const HEADER = { ...LENIENT, strict: true };

/**
 * An image of Docker's schema 1 has the digest of what it was before it was signed. A registry 2.8 signs it anew each
 * time it is asked for. Each signature says how long the text before the block is, and what comes after it.
 *
 * @param content - a manifest of type {@link SIGNED_SCHEMA_1}
 * @returns steps that end with what was signed, or with `null` when that cannot be told
 * @throws JsonProblem when it is no JSON
 */
export function* signedPayload(content: Buffer): Work<Buffer | null> {
  const signatures = valueOf(yield* readJson(content, LENIENT), "signatures");
  const first = isList(signatures) ? signatures[0] : undefined;
  const encoded = valueOf(first, "protected");
  if (typeof encoded !== "string") return null;
  const header = yield* readJson(Buffer.from(encoded, "base64url"), HEADER);
  const [length, tail] = [valueOf(header, "formatLength"), valueOf(header, "formatTail")];
  if (!(length instanceof JsonNumber) || typeof tail !== "string") return null;
  const before = content.subarray(0, Number(length.literal));
  return Buffer.concat([before, Buffer.from(tail, "base64url")]);
}

function valueOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (!(value instanceof JsonObject)) return undefined;
  return value.entries.find(([name]) => name === key)?.[1];
}
