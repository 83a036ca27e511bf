import { inflateRawSync } from "node:zlib";
import { GlobError } from "#access-policy/glob.js";
import { readView } from "#access-policy/read-view.js";
import { viewSchema, type View } from "#access-policy/view.js";

/** More is not read. */
const MOST_BYTES = 1024 * 1024;

/**
 * @param packed - a view as a token carries it: as it is, or base64url of its deflated JSON
 * @returns the view, or `null` when it is none
 */
export function unpackView(packed: unknown): View | null {
  const view = viewSchema.safeParse(typeof packed === "string" ? inflated(packed) : packed);
  return view.success && isReadable(view.data) ? view.data : null;
}

function inflated(text: string): unknown {
  try {
    const bytes = inflateRawSync(Buffer.from(text, "base64url"), { maxOutputLength: MOST_BYTES });
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}

function isReadable(view: View): boolean {
  try {
    readView(view);
    return true;
  } catch (error) {
    if (error instanceof GlobError) return false;
    throw error;
  }
}
