import { LRUCache } from "lru-cache";
import type { Digest } from "#registry-protocol/digest.js";
import type { SettledNotice, TagWord } from "./settled-notice.js";
import type { DeletedTag, DriftedTag } from "./sql/withheld-tags.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** What is remembered of a tag. */
export type Remembered =
  | {
      readonly kind: "means";
      readonly digest: Digest;
      /** Whether the ledger said so only just now, and nobody told otherwise since. */
      readonly isFresh: boolean;
      /** Whether it can never mean anything else, as the rules were when the ledger said so. */
      readonly isFinal: boolean;
      readonly locked: boolean;
      /** See {@link TagWord}. */
      readonly called?: Digest;
      /** What the registry was found to have instead; `null`: the same. */
      readonly drift: Digest | null;
    }
  /** It was deleted; the registry may have it all the same. */
  | { readonly kind: "deleted"; readonly isFresh: boolean }
  /** It was written and nobody could say what it means now, or it may be one of those that drifted. */
  | { readonly kind: "doubtful" }
  | { readonly kind: "nothing" };

/** When a question was put to the ledger: the answer is no older than that. */
export interface Asked {
  readonly at: number;
  readonly count: number;
}

/** What the ledger said of tags, kept in memory. */
export interface RememberedTags {
  recall(key: TagKey): Remembered;
  /** @returns what to give with the answer to a question that is put to the ledger after that */
  asking(): Asked;
  /** The ledger answered; `null`: that it does not know the tag. What is newer than the answer stays. */
  answered(key: TagKey, word: FinalWord | null, asked: Asked): void;
  /**
   * A gateway told of the tag. It may have taken long to be told: so it ends what was older, and the ledger is asked before it
   * counts as fresh.
   *
   * @returns whether what is remembered is in doubt now
   */
  told(key: TagKey, notice: Exclude<SettledNotice, TagWord> | FinalWord): boolean;
  /** Something was told that did not arrive, perhaps: nothing is fresh any more. */
  missed(): void;
  /** These tags have drifted, and no others do as far as they are `complete`. */
  drifted(tags: readonly DriftedTag[], isComplete: boolean): void;
  /** These were deleted. */
  deleted(tags: readonly DeletedTag[]): void;
}

/** What the ledger says, and whether the rules let that change. */
export type FinalWord =
  | (Extract<TagWord, { kind: "means" }> & { readonly isFinal: boolean })
  | Extract<TagWord, { kind: "deleted" }>;

/** How it is remembered. */
export interface RememberedTagsOptions {
  /** @returns milliseconds, by a clock that never goes back */
  readonly now: () => number;
  /** For so many milliseconds after the ledger was asked its answer is fresh: longer nobody is served what was replaced. */
  readonly freshMilliseconds: number;
}

/** How many tags are remembered: about 10 MB each. */
export const REMEMBERED_TAGS = 50_000;

/** For so long at most is served what was replaced or deleted elsewhere without a word (decision 0016). */
export const FRESH_MILLISECONDS = 1_000;

interface Entry {
  /** `null`: in doubt. */
  readonly word: FinalWord | null;
  /** When the ledger was asked that said so; never, of what was only told. */
  readonly askedAt: number;
  /** What was asked before it was put down counts only when it is of a later revision. */
  readonly count: number;
}

/**
 * @param options - how it is remembered
 * @returns a memory that holds nothing
 */
export function rememberedTags(options: RememberedTagsOptions): RememberedTags {
  const { now, freshMilliseconds } = options;
  const meanings = new LRUCache<string, Entry>({ max: REMEMBERED_TAGS });
  const tombstones = new LRUCache<string, Entry>({ max: REMEMBERED_TAGS });
  let [drift, isDriftWhole] = [new Map<string, DriftedTag>(), true];
  let [count, missedAt] = [0, -Infinity];

  const entryOf = (name: string) => tombstones.get(name) ?? meanings.get(name);
  const isFresh = ({ askedAt }: Entry) => askedAt > missedAt && now() - askedAt < freshMilliseconds;
  const forget = (name: string): void => {
    meanings.delete(name);
    tombstones.delete(name);
  };
  const put = (name: string, word: FinalWord | null, askedAt: number): void => {
    forget(name);
    count += 1;
    (word?.kind === "deleted" ? tombstones : meanings).set(name, { word, askedAt, count });
  };
  const unremembered = (name: string): Remembered => {
    const drifted = drift.get(name);
    if (drifted === undefined) return { kind: isDriftWhole ? "nothing" : "doubtful" };
    const { digest, found } = drifted;
    return { kind: "means", digest, drift: found, isFresh: false, isFinal: false, locked: false };
  };
  const memory: RememberedTags = {
    recall: (key) => {
      const name = nameOf(key);
      const entry = entryOf(name);
      if (entry === undefined) return unremembered(name);
      if (entry.word === null) return { kind: "doubtful" };
      if (entry.word.kind === "deleted") return { kind: "deleted", isFresh: isFresh(entry) };
      const { digest, isFinal, locked, called } = entry.word;
      const drifted = drift.get(name);
      const found = drifted?.digest === digest ? drifted.found : null;
      const known = { digest, drift: found, isFresh: isFresh(entry), isFinal, locked };
      return { kind: "means", ...known, ...(called === undefined ? {} : { called }) };
    },
    asking: () => ({ at: now(), count }),
    answered: (key, word, asked) => {
      const name = nameOf(key);
      const known = entryOf(name);
      const isOlder = known !== undefined && known.count > asked.count && isBefore(word, known);
      if (isOlder) return;
      if (word === null) forget(name);
      else put(name, word, asked.at);
    },
    told: (key, notice) => {
      const name = nameOf(key);
      const known = entryOf(name);
      if (notice.kind === "unchanged") return false;
      if (notice.kind === "unsure") {
        if (known !== undefined) put(name, null, -Infinity);
        return known !== undefined;
      }
      const before = known?.word?.revision ?? 0;
      if (notice.revision > before) put(name, notice, -Infinity);
      else if (notice.revision === before && !isSame(notice, known?.word)) {
        // The ledger is not the one that it was: a backup, or a standby that had not heard of everything.
        put(name, null, -Infinity);
        return true;
      }
      return false;
    },
    missed: () => {
      missedAt = now();
    },
    drifted: (tags, isComplete) => {
      drift = new Map(tags.map((tag) => [nameOf(tag), tag]));
      isDriftWhole = isComplete;
    },
    deleted: (tags) => {
      // The newest last, so that the oldest make room.
      for (const tag of tags.toReversed())
        memory.told(tag, { kind: "deleted", revision: tag.revision });
    },
  };
  return memory;
}

/** Of what nobody could tell, nothing that was asked before that is newer. */
function isBefore(word: FinalWord | null, { word: known }: Entry): boolean {
  return known === null || (word?.revision ?? 0) < known.revision;
}

function isSame(one: FinalWord, other: FinalWord | null | undefined): boolean {
  if (one.kind === "deleted") return other?.kind === "deleted";
  return other?.kind === "means" && one.digest === other.digest;
}

function nameOf({ repository, tag }: TagKey): string {
  return `${repository}:${tag}`;
}
