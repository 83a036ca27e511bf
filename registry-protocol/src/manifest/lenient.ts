import type { JsonRules } from "../json/read-json.js";

/** All that Go's `encoding/json` takes, in a manifest of at most 4 MiB. */
export const LENIENT: JsonRules = {
  strict: false,
  maxDepth: 10_000,
  maxValues: Infinity,
  maxEntries: Infinity,
  maxCharacters: Infinity,
};
