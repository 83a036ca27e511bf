import { LRUCache } from "lru-cache";
import type { Pull } from "./pull.js";

/** What callers read a moment ago, so that requests that belong together count as one pull. */
export interface RecentReads {
  /** Notes that a caller was told what a tag means. */
  named(pull: Pull, at: number): void;
  /** @returns the tag by which the caller found the digest a moment before, if any */
  tagOf(pull: Pull, at: number): string | null;
  /** Notes that a caller got a manifest. */
  got(pull: Pull, at: number): void;
  /** @returns whether the caller got the manifest of that digest at about that time */
  hasGot(pull: Pull, digest: string, at: number): boolean;
}

/** A client asks what a tag means, and then for the manifest and its children, within seconds. */
const TOGETHER_MILLISECONDS = 60_000;
const MOST_REMEMBERED = 50_000;

/** @returns nothing read yet; each gateway remembers what it answered itself. Times are in milliseconds */
export function recentReads(): RecentReads {
  const tags = new LRUCache<string, { tag: string; at: number }>({ max: MOST_REMEMBERED });
  const gotten = new LRUCache<string, number>({ max: MOST_REMEMBERED });
  const isTogether = (one: number, other: number) => Math.abs(one - other) <= TOGETHER_MILLISECONDS;
  return {
    named: (pull, at) => {
      if (pull.tag !== null) tags.set(keyOf(pull, pull.digest), { tag: pull.tag, at });
    },
    tagOf: (pull, at) => {
      const known = tags.get(keyOf(pull, pull.digest));
      return known !== undefined && isTogether(known.at, at) ? known.tag : null;
    },
    got: (pull, at) => {
      gotten.set(keyOf(pull, pull.digest), at);
    },
    hasGot: (pull, digest, at) => {
      const gotAt = gotten.get(keyOf(pull, digest));
      return gotAt !== undefined && isTogether(gotAt, at);
    },
  };
}

function keyOf({ repository, uid, realm, kind, address }: Pull, digest: string): string {
  return JSON.stringify([repository, digest, uid, realm, kind, address]);
}
