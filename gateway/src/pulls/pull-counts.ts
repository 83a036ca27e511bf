import { boundedPuller, type CountedPulls, type Pull } from "./pull.js";

/** Pulls that were not written yet, counted in memory. */
export interface PullCounts {
  /** @returns whether there was room for it */
  add(pull: Pull, at: Date, count?: number): boolean;
  /** @returns at most this many of them, the oldest first; they are gone from here */
  take(limit: number): CountedPulls[];
  /** Puts back what could not be written. @returns how many pulls there was no room for */
  putBack(pulls: readonly CountedPulls[]): number;
  readonly size: number;
}

/**
 * @param most - how many different pulls are held; more of those held are counted all the same
 * @returns empty counts
 */
export function pullCounts(most: number): PullCounts {
  const held = new Map<string, CountedPulls>();
  const merge = (pull: CountedPulls): boolean => {
    const key = keyOf(pull);
    const before = held.get(key);
    if (before === undefined && held.size >= most) return false;
    held.set(key, before === undefined ? pull : sum(before, pull));
    return true;
  };
  return {
    add: (pull, at, count = 1) => {
      const { repository, tag, digest } = pull;
      const bounded = { repository, tag, digest, ...boundedPuller(pull) };
      return merge({ ...bounded, count, firstAt: at, lastAt: at });
    },
    take: (limit) => {
      const taken = [...held.entries()].slice(0, limit);
      for (const [key] of taken) held.delete(key);
      return taken.map(([, pull]) => pull);
    },
    putBack: (pulls) =>
      pulls.filter((pull) => !merge(pull)).reduce((lost, { count }) => lost + count, 0),
    get size() {
      return held.size;
    },
  };
}

function sum(one: CountedPulls, other: CountedPulls): CountedPulls {
  return {
    ...one,
    count: one.count + other.count,
    firstAt: one.firstAt < other.firstAt ? one.firstAt : other.firstAt,
    lastAt: one.lastAt > other.lastAt ? one.lastAt : other.lastAt,
  };
}

function keyOf({ repository, tag, digest, uid, realm, kind, address, userAgent }: Pull): string {
  return JSON.stringify([repository, tag, digest, uid, realm, kind, address, userAgent]);
}
