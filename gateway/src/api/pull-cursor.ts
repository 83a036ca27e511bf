import { Fault } from "#registry-protocol/faults.js";
import { isLine } from "#registry-protocol/text.js";
import { isInstant } from "../catalog/place.js";
import type { PullCursor } from "../pulls/pull-query.js";

/**
 * @param cursor - where a page ended
 * @returns it as clients get it, opaque
 */
export function formatCursor({ lastAt, tag, digest, caller }: PullCursor): string {
  return Buffer.from(JSON.stringify([lastAt, tag, digest, caller])).toString("base64url");
}

/**
 * @param text - a cursor as a client gives it back
 * @returns where a page begins
 * @throws Fault REQUEST_INVALID for what is none
 */
export function parseCursor(text: string): PullCursor {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    const [lastAt, tag, digest, caller] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
    if (isText(lastAt) && isInstant(lastAt) && isText(tag) && isText(digest) && isText(caller))
      return { lastAt, tag, digest, caller };
  } catch {
    // Said below, as for any other text that is no cursor.
  }
  const shown = JSON.stringify(text.slice(0, 80));
  throw new Fault("REQUEST_INVALID", {
    message: `cursor: given ${shown}, wanted what an answer said under next`,
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && isLine(value);
}
