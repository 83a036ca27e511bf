import type { Digest } from "#registry-protocol/digest.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";

const MOST_ALGORITHM_CHARACTERS = 32;
const MOST_ENCODED_CHARACTERS = 64;

/**
 * @param subject - a manifest
 * @returns the tag under which clients keep its referrers where a registry does not list them (OCI distribution-spec,
 *   "Referrers Tag Schema")
 */
export function fallbackTag(subject: Digest): Tag {
  const colon = subject.indexOf(":");
  const algorithm = subject.slice(0, colon).slice(0, MOST_ALGORITHM_CHARACTERS);
  const encoded = subject.slice(colon + 1, colon + 1 + MOST_ENCODED_CHARACTERS);
  return parseTag(`${algorithm}-${encoded}`);
}
