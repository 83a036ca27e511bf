import { JsonProblem, shown } from "../json/json-value.js";
import { MANIFEST_KINDS, type ManifestMediaType } from "./manifest.js";

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
/** Type, subtype and parameters (RFC 9110, section 8.3.1), where the registry's reader knows no others. */
const MEDIA_TYPE = new RegExp(
  `^[ \\t]*(${TOKEN}/${TOKEN})[ \\t]*(?:;[ \\t]*${TOKEN}=(?:${TOKEN}|"[^"\\\\]*")[ \\t]*)*;?[ \\t]*$`,
);

const SCHEMA_1 =
  /^application\/(?:json|vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws))$/;

/**
 * @param contentType - value of a `Content-Type` header
 * @returns the kind of manifest that it names; parameters mean nothing
 * @throws JsonProblem that says what to do when it names none that registries take
 */
export function manifestMediaType(contentType: string): ManifestMediaType {
  const [, type] = MEDIA_TYPE.exec(contentType) ?? [];
  const mediaType = type?.toLowerCase() ?? "";
  if (isManifestMediaType(mediaType)) return mediaType;
  const instead = "push it as an OCI image manifest or index";
  if (SCHEMA_1.test(mediaType))
    throw new JsonProblem(`Docker's schema 1 is no longer taken: ${instead}`);
  throw new JsonProblem(`Content-Type ${shown(contentType)} is no manifest's: ${instead}`);
}

function isManifestMediaType(mediaType: string): mediaType is ManifestMediaType {
  return Object.hasOwn(MANIFEST_KINDS, mediaType);
}
