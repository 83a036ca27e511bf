import { digestOf, type Digest } from "#registry-protocol/digest.js";
import {
  isList,
  JsonNumber,
  JsonObject,
  JsonProblem,
  type JsonValue,
} from "#registry-protocol/json/json-value.js";
import type { ManifestBytes } from "#registry-protocol/manifest/stored-manifest.js";
import { parseStored, render, type Empties, type Rendered } from "./rendering.js";

/** A tag's manifest cannot be brought across; says why. */
export class NotCarried extends Error {
  override readonly name = "NotCarried";
}

/** As Pier One calls every manifest of the second schema. */
const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
/** What Docker 1.10 to 1.12 wrote of configurations, and Docker 1.13 does not take: Pier One says the other to everybody. */
const OLD_CONFIG = "application/json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
const FORMS: readonly Empties[] = ["spaced", "tight"];

/**
 * @param stored - text of the manifest in Pier One's database
 * @param recorded - the digest that Pier One noted when it was pushed; `null` where it was pushed before it did
 * @returns the manifest, byte for byte as whoever pulls the tag from Pier One gets it
 * @throws NotCarried when it has no such bytes: its digest is another, or it is of the first schema
 */
export function servedManifest(stored: string, recorded: string | null): ManifestBytes {
  const value = read(stored);
  refuseOther(value);
  const form = FORMS.find((one) => recorded === digestOf(render(value, one).content));
  if (recorded !== null && form === undefined)
    throw new NotCarried(
      `its manifest has the digest ${digestOf(render(value, "spaced").content)}, ${recorded} was noted when it was pushed`,
    );
  const served = render(adjusted(value), form ?? "spaced");
  refuseUnsure(served, recorded);
  const { content } = served;
  return { content, digest: digestOf(content) satisfies Digest, mediaType: mediaTypeOf(value) };
}

function read(stored: string): JsonObject {
  try {
    const value = parseStored(stored);
    if (value instanceof JsonObject) return value;
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw new NotCarried(`its manifest is no JSON: ${error.message}`);
  }
  throw new NotCarried("its manifest is no JSON object");
}

function refuseOther(value: JsonObject): void {
  const version = fieldOf(value, "schemaVersion");
  const literal = version instanceof JsonNumber ? version.literal : "";
  if (literal === "1")
    throw new NotCarried(
      "its manifest is of Docker's schema 1: pull it and push it again with a newer client",
    );
  if (literal !== "2") throw new NotCarried("its manifest has no schema version that is known");
}

/** Adjusting may only be of consequence where the order of entries is known. */
function refuseUnsure({ isOrderSure }: Rendered, recorded: string | null): void {
  if (!isOrderSure && recorded === null)
    throw new NotCarried(
      "its manifest has an object with more than eight entries, and no digest was noted: in which order Pier One has them nobody can tell",
    );
}

function adjusted(value: JsonObject): JsonObject {
  return replaced(value, "config", (config) =>
    config instanceof JsonObject
      ? replaced(config, "mediaType", (type) => (type === OLD_CONFIG ? CONFIG : type))
      : config,
  );
}

function replaced(
  { entries }: JsonObject,
  field: string,
  by: (value: JsonValue) => JsonValue,
): JsonObject {
  return new JsonObject(
    entries.map(([key, value]) => [key, key === field ? by(value) : value] as const),
  );
}

function fieldOf(value: JsonObject, field: string): JsonValue | undefined {
  return value.entries.find(([key]) => key === field)?.[1];
}

function mediaTypeOf(value: JsonObject): string {
  const type = fieldOf(value, "mediaType");
  if (typeof type === "string") return type;
  if (type === undefined || isList(fieldOf(value, "layers"))) return DOCKER_IMAGE;
  throw new NotCarried("its manifest has a media type that is none");
}
