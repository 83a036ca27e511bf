import { OverLimit } from "../scm/search-limits.js";
import type { LayerEntry } from "./layer-entry.js";

/** Of names that are remembered: who makes an image can make them long. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** What an image looks like when its layers lie upon each other. */
export interface MergedView {
  /** @returns the next layer, below those before */
  next(): MergedLayer;
}

/** A layer below others. */
export interface MergedLayer {
  /**
   * @param entry - one of the layer's; of two with one name the later counts
   * @throws OverLimit when names are too many
   */
  add(entry: LayerEntry): void;
  /** @returns once all are there: each, or `null` for one that a layer above hides; to be gone through to its end */
  seen(): Iterable<LayerEntry | null>;
}

/** @returns one to be given the layers, the topmost first (OCI image-spec, "Applying Changesets") */
export function mergedView(): MergedView {
  /** What stands there, and whether what is below it can be seen: in folders alone. */
  const standing = new Map<string, boolean>();
  const removed = new Set<string>();
  const emptied = new Set<string>();
  let characters = 0;
  const hides = (path: string) => removed.has(path) || standing.get(path) === false;
  const isHidden = (path: string) => {
    if (standing.has(path) || removed.has(path) || emptied.has("")) return true;
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      if (hides(folder) || emptied.has(folder)) return true;
    }
    return false;
  };
  const next = (): MergedLayer => {
    const own = new Map<string, LayerEntry>();
    const whiteouts: LayerEntry[] = [];
    return {
      add: (entry) => {
        characters += entry.path.length;
        if (characters > MOST_CHARACTERS)
          throw new OverLimit(`names of more than ${MOST_CHARACTERS} characters`);
        if (entry.kind === "removed" || entry.kind === "emptied") whiteouts.push(entry);
        else own.set(entry.path, entry);
      },
      *seen() {
        for (const entry of own.values()) {
          const isSeen = !isHidden(entry.path);
          if (isSeen) standing.set(entry.path, entry.kind === "folder");
          yield isSeen ? entry : null;
        }
        // They hide what lower layers have, and nothing of their own.
        for (const { path, kind } of whiteouts) (kind === "removed" ? removed : emptied).add(path);
      },
    };
  };
  return { next };
}
