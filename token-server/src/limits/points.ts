import { isWithin } from "#service-kit/is-within.js";

/** One point of those that an address or an account has: for one credential, however often it is shown. */
export interface Point {
  /** Whose points. */
  readonly key: string;
  /** Fingerprint of the credential. */
  readonly credential: string;
  /** How many different credentials may hold a point at a time. */
  readonly most: number;
}

/** Whether a point was had. */
export interface Taking {
  readonly taken: boolean;
  /** Until all points of the key are free again. */
  readonly milliseconds: number;
}

/** Where points are. */
export interface PointStore {
  /** Takes a point, unless the credential holds one already or all are taken; atomic. */
  take(point: Point): Promise<Taking>;
  /** Frees it. */
  giveBack(point: Point): Promise<void>;
}

interface Taken {
  readonly credentials: Set<string>;
  readonly since: number;
}

const MAX_KEYS = 100_000;

/**
 * @param windowSeconds - how long a point is held
 * @param now - milliseconds of any clock
 * @returns points of this process alone
 */
export function pointsInMemory(windowSeconds: number, now: () => number): PointStore {
  const taken = new Map<string, Taken>();
  const windowMilliseconds = windowSeconds * 1000;
  const current = (key: string): Taken => {
    const known = taken.get(key);
    if (known !== undefined && isWithin({ since: known.since, now: now() }, windowMilliseconds))
      return known;
    const fresh = { credentials: new Set<string>(), since: now() };
    taken.delete(key);
    taken.set(key, fresh);
    // The oldest goes first: its window ends first.
    for (const oldest of taken.keys()) {
      if (taken.size <= MAX_KEYS) break;
      taken.delete(oldest);
    }
    return fresh;
  };
  return {
    take: ({ key, credential, most }) => {
      const { credentials, since } = current(key);
      if (credentials.size < most) credentials.add(credential);
      const milliseconds = since + windowMilliseconds - now();
      return Promise.resolve({ taken: credentials.has(credential), milliseconds });
    },
    giveBack: ({ key, credential }) => {
      taken.get(key)?.credentials.delete(credential);
      return Promise.resolve();
    },
  };
}
