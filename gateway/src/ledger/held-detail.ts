import type { HeldTag } from "#tag-policy/decide-tag-write.js";

/** Clients such as BuildKit print 256 bytes of an error and drop the rest. */
export const MOST_ERROR_BYTES = 255;
/** What is left of a name in any case; only a rule's own message can be so long that no more fits. */
const LEAST_NAME_BYTES = 7;
const CUT = "…";

/** What whoever is refused is told of the tag that stands in the way. */
export interface HeldDetail {
  readonly digest: string;
  readonly pushedBy: string;
  readonly pushedAt: string;
  readonly rule: string;
}

/**
 * Names come from outside and may have any length; they are cut so that the whole error stays short.
 *
 * @param error - code and message of the error that the detail goes into
 * @param held - what the tag means, who pushed it and when
 * @param rule - name of the rule that is in the way
 * @returns the detail; digest and time are always whole
 */
export function heldDetail(
  error: { readonly code: string; readonly message: string },
  { digest, by, at }: HeldTag,
  rule: string,
): HeldDetail {
  const detail = { digest, pushedBy: "", pushedAt: at.toISOString(), rule: "" };
  const bare = Buffer.byteLength(JSON.stringify({ ...error, detail }));
  const room = Math.max(MOST_ERROR_BYTES - bare, 2 * LEAST_NAME_BYTES);
  const half = Math.floor(room / 2);
  const shortRule = cut(rule, Math.max(half, room - bytesInJson(by)));
  return { ...detail, pushedBy: cut(by, room - bytesInJson(shortRule)), rule: shortRule };
}

/**
 * For messages that leave no room for time and rule.
 *
 * @param error - code and message of the error that the detail goes into
 * @param held - what the tag means, and who pushed it
 * @returns the detail; the digest is always whole
 */
export function shortHeldDetail(
  error: { readonly code: string; readonly message: string },
  { digest, by }: HeldTag,
): Pick<HeldDetail, "digest" | "pushedBy"> {
  const detail = { digest, pushedBy: "" };
  const bare = Buffer.byteLength(JSON.stringify({ ...error, detail }));
  return { ...detail, pushedBy: cut(by, Math.max(MOST_ERROR_BYTES - bare, LEAST_NAME_BYTES)) };
}

/**
 * @param text - text of any length
 * @param bytes - how many it may have in JSON, without the quotes around it
 * @returns as much of its beginning as that, with an ellipsis where it is not all
 */
export function cut(text: string, bytes: number): string {
  if (bytesInJson(text) <= bytes) return text;
  let kept = "";
  for (const character of text) {
    if (bytesInJson(kept + character + CUT) > bytes) break;
    kept += character;
  }
  return kept + CUT;
}

/** Without the quotes around it. */
function bytesInJson(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
