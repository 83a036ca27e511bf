import { deflateRawSync } from "node:zlib";
import type { View } from "#access-policy/view.js";

/** Shorter ones gain nothing. */
const PACKED_FROM_CHARACTERS = 512;

/**
 * @param view - a view
 * @returns it as a token carries it: short ones as they are, others as base64url of their deflated JSON
 */
export function packView(view: View): View | string {
  const text = JSON.stringify(view);
  if (text.length < PACKED_FROM_CHARACTERS) return view;
  return deflateRawSync(text).toString("base64url");
}
