import { boundedPuller, MOST_USER_AGENTS, type CountedPulls, type Pull } from "./pull.js";

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

/** How many different pulls are held; more of those held are counted all the same. */
export interface PullBounds {
  readonly inAll: number;
  /** Nobody takes the room of all. */
  readonly ofOne: number;
}

/**
 * @param bounds - how many
 * @returns empty counts
 */
export function pullCounts(bounds: PullBounds): PullCounts {
  const held = new Map<string, CountedPulls>();
  const byWhom = new Map<string, number>();
  const drop = (key: string, pull: CountedPulls) => {
    held.delete(key);
    const left = (byWhom.get(identityOf(pull)) ?? 0) - 1;
    if (left > 0) byWhom.set(identityOf(pull), left);
    else byWhom.delete(identityOf(pull));
  };
  const merge = (pull: CountedPulls): boolean => {
    const key = keyOf(pull);
    const before = held.get(key);
    if (before !== undefined) {
      held.set(key, sum(before, pull));
      return true;
    }
    const own = byWhom.get(identityOf(pull)) ?? 0;
    if (held.size >= bounds.inAll || own >= bounds.ofOne) return false;
    held.set(key, pull);
    byWhom.set(identityOf(pull), own + 1);
    return true;
  };
  return {
    add: (pull, at, count = 1) => {
      const { repository, tag, digest } = pull;
      const bounded = { repository, tag, digest, ...boundedPuller(pull) };
      const userAgents = [bounded.userAgent];
      return merge({ ...bounded, userAgents, count, firstAt: at, lastAt: at });
    },
    take: (limit) => {
      const taken = [...held.entries()].slice(0, limit);
      for (const [key, pull] of taken) drop(key, pull);
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
  const [earlier, later] = one.lastAt <= other.lastAt ? [one, other] : [other, one];
  const agents = new Set([...later.userAgents, ...earlier.userAgents]);
  return {
    ...later,
    userAgents: [...agents].slice(0, MOST_USER_AGENTS),
    count: one.count + other.count,
    firstAt: one.firstAt < other.firstAt ? one.firstAt : other.firstAt,
  };
}

function keyOf({ repository, tag, digest, uid, realm, kind, address }: Pull): string {
  return JSON.stringify([repository, tag, digest, uid, realm, kind, address]);
}

function identityOf({ uid, realm, kind }: Pull): string {
  return JSON.stringify([uid, realm, kind]);
}
