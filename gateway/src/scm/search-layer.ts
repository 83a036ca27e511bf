import type { Extract } from "tar-stream";
import { readLayer } from "./read-layer.js";
import type { SearchBudget } from "./search-limits.js";

/** What a layer says of the file. */
export type LayerOutcome =
  | { readonly kind: "file"; readonly text: string }
  /** The layer takes away what lower ones have. */
  | { readonly kind: "removed" }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly reason: string };

const FILE = "scm-source.json";
/**
 * OCI image-spec, "Whiteouts": of the file itself, and of everything in the root. They hide what lower layers have,
 * and never what stands in their own layer, before or after them.
 */
const WHITEOUTS: readonly string[] = [`.wh.${FILE}`, ".wh..wh..opq"];

/**
 * Reads a layer as a stream, no further than to the file; to its end where it takes lower ones' away.
 *
 * @param bytes - the layer, gzip, zstd or plain tar
 * @param budget - what the search may still cost
 * @param signal - ends it
 * @returns what it says of `scm-source.json` in its root
 * @throws OverLimit, LayerCut when the bytes end early, or the signal's reason
 */
export async function searchLayer(
  bytes: AsyncIterable<Uint8Array>,
  budget: SearchBudget,
  signal: AbortSignal,
): Promise<LayerOutcome> {
  const read = await readLayer(bytes, { budget, signal }, (entries) => mentionIn(entries, budget));
  return read.kind === "read" ? read.found : read;
}

async function mentionIn(entries: Extract, budget: SearchBudget): Promise<LayerOutcome> {
  let isHidden = false;
  for await (const entry of entries) {
    budget.spend("entries", 1);
    const { name, type, size } = entry.header;
    const path = name.replace(/^(?:\.?\/)+/, "");
    if (WHITEOUTS.includes(path)) isHidden = true;
    if (path === FILE) {
      if (type !== "file" && type !== "contiguous-file") return unreadable(`${FILE} is a ${type}`);
      if (size > budget.limits.fileBytes)
        return unreadable(`${FILE} is larger than ${budget.limits.fileBytes} bytes`);
      return { kind: "file", text: await textOf(entry as AsyncIterable<Uint8Array>) };
    }
    entry.resume();
  }
  return { kind: isHidden ? "removed" : "absent" };
}

async function textOf(entry: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function unreadable(reason: string): LayerOutcome {
  return { kind: "unreadable", reason };
}
