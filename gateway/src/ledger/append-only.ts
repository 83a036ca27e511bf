import { z } from "zod";
import { parseManifest } from "./manifest-references.js";

/** What came of comparing two manifests of a tag that may only grow. */
export type Growth =
  | { readonly grows: true }
  | { readonly grows: false; readonly reason: "cannot-compare" | "entries-missing" };

const entrySchema = z.looseObject({
  digest: z.string(),
  annotations: z.record(z.string(), z.unknown()).optional().catch(undefined),
});

/**
 * A tag that holds signatures or referrers is rewritten each time one is added. What was there has to stay:
 * the manifests of an index by their digest, layers by their digest and annotations, since that is where cosign
 * keeps the signature of a payload.
 *
 * @param held - manifest that the tag means
 * @param offered - manifest that is to replace it
 * @returns whether the new one holds every entry of the old one
 */
export function growthOf(held: Uint8Array, offered: Uint8Array): Growth {
  const [before, after] = [entriesOf(held), entriesOf(offered)];
  if (before === null || after === null) return { grows: false, reason: "cannot-compare" };
  const kept = new Set(after);
  if (!before.every((entry) => kept.has(entry))) return { grows: false, reason: "entries-missing" };
  return { grows: true };
}

/** One text for each entry, equal where the entries are; `null` when not all of them can be read. */
function entriesOf(content: Uint8Array): string[] | null {
  const manifest = parseManifest(content);
  if (manifest === null) return null;
  const manifests = manifest.manifests.map((entry) => textOf(entry, false));
  const layers = [...manifest.layers, ...manifest.blobs].map((entry) => textOf(entry, true));
  const entries = [...manifests, ...layers];
  return entries.every((entry) => entry !== null) ? entries : null;
}

function textOf(raw: unknown, withAnnotations: boolean): string | null {
  const entry = entrySchema.safeParse(raw).data;
  if (entry === undefined) return null;
  if (!withAnnotations) return `manifest ${entry.digest}`;
  const annotations = Object.entries(entry.annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return `layer ${entry.digest} ${JSON.stringify(annotations)}`;
}
