import { LRUCache } from "lru-cache";
import type { Digest } from "#registry-protocol/digest.js";
import type { DeletedTag, DriftedTag } from "./sql/withheld-tags.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** What is remembered of a tag for the time when the ledger cannot be asked. */
export type Remembered =
  | { readonly kind: "digest"; readonly digest: Digest }
  /** It was deleted; the registry may have it all the same. */
  | { readonly kind: "deleted" }
  /** It was written and nobody could say what it means now, or it may be one of those that drifted. */
  | { readonly kind: "doubtful" }
  | { readonly kind: "nothing" };

/** What the ledger said of tags, kept in memory. */
export interface RememberedTags {
  recall(key: TagKey): Remembered;
  /** The ledger said what the tag means. */
  means(key: TagKey, digest: Digest): void;
  /** The ledger said that the tag was deleted. */
  isDeleted(key: TagKey): void;
  /** The tag was written, and the ledger could not say what it means now. */
  isDoubtful(key: TagKey): void;
  /** What is remembered of the tag does not count any more. */
  forget(key: TagKey): void;
  /** These tags have drifted, and no others do as far as they are `complete`. */
  drifted(tags: readonly DriftedTag[], isComplete: boolean): void;
  /** These were deleted. */
  deleted(tags: readonly DeletedTag[]): void;
}

/** How many tags are remembered: about 10 MB each. */
export const REMEMBERED_TAGS = 50_000;

/** @returns a memory that holds nothing */
export function rememberedTags(): RememberedTags {
  const meanings = new LRUCache<string, Remembered>({ max: REMEMBERED_TAGS });
  const tombstones = new LRUCache<string, true>({ max: REMEMBERED_TAGS });
  let [drift, isDriftWhole] = [new Map<string, Digest>(), true];
  const memory: RememberedTags = {
    recall: (key) => {
      const name = nameOf(key);
      if (tombstones.has(name)) return { kind: "deleted" };
      const meaning = meanings.get(name);
      if (meaning !== undefined) return meaning;
      const digest = drift.get(name);
      if (digest !== undefined) return { kind: "digest", digest };
      return { kind: isDriftWhole ? "nothing" : "doubtful" };
    },
    means: (key, digest) => {
      tombstones.delete(nameOf(key));
      meanings.set(nameOf(key), { kind: "digest", digest });
    },
    isDeleted: (key) => {
      meanings.delete(nameOf(key));
      tombstones.set(nameOf(key), true);
    },
    isDoubtful: (key) => {
      meanings.set(nameOf(key), { kind: "doubtful" });
    },
    forget: (key) => {
      meanings.delete(nameOf(key));
      tombstones.delete(nameOf(key));
    },
    drifted: (tags, isComplete) => {
      drift = new Map(tags.map((tag) => [nameOf(tag), tag.digest]));
      isDriftWhole = isComplete;
    },
    deleted: (tags) => {
      // The newest last, so that the oldest make room.
      for (const tag of tags.toReversed()) memory.isDeleted(tag);
    },
  };
  return memory;
}

function nameOf({ repository, tag }: TagKey): string {
  return `${repository}:${tag}`;
}
