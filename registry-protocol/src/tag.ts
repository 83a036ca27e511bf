import { Fault } from "./faults.js";
import { STILL_ENCODED } from "./path.js";

/** Name of a tag, known to be well formed. */
export type Tag = string & { readonly __brand: "Tag" };

/** OCI distribution-spec, section "Pulling manifests": the grammar of `<reference>` as a tag. */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/**
 * @param raw - a text
 * @returns whether it is a tag, well formed
 */
export function isTag(raw: string): raw is Tag {
  return TAG.test(raw);
}

/**
 * @param raw - a tag as a client sent it
 * @returns the same tag, known to be well formed
 * @throws Fault TAG_NAME_INVALID
 */
export function parseTag(raw: string): Tag {
  if (isTag(raw)) return raw;
  const detail = { tag: raw.slice(0, 140) };
  if (!raw.includes("%")) throw new Fault("TAG_NAME_INVALID", { detail });
  throw new Fault("TAG_NAME_INVALID", { message: `invalid tag name: ${STILL_ENCODED}`, detail });
}
