import { LRUCache } from "lru-cache";
import type { Queryable } from "#service-kit/db/pool.js";
import { forgetSuccess, noteSuccess, wasRight } from "./sql.js";
import { tolerate } from "./stored-points.js";

/** Which credentials were right of late. */
export interface RightLogins {
  /** @returns whether this process knows so */
  isKnown(credential: string): boolean;
  /** @returns whether any replica knows so */
  isKnownAnywhere(credential: string): Promise<boolean>;
  note(credential: string): Promise<void>;
  forget(credential: string): Promise<void>;
}

/** Nodes pull once a day at least. */
const REMEMBERED_SECONDS = 24 * 3600;
const ENTRIES = 50_000;

/**
 * @param db - where replicas tell each other
 * @returns the memory; this process asks the database only when it would refuse somebody
 */
export function rightLogins(db: Queryable): RightLogins {
  // Half as long as the database keeps it, so that a credential in use is noted there again before it ends.
  const known = new LRUCache<string, true>({ max: ENTRIES, ttl: REMEMBERED_SECONDS * 500 });
  return {
    isKnown: (credential) => known.has(credential),
    isKnownAnywhere: async (credential) =>
      known.has(credential) || (await tolerate(wasRight(db, credential))) === true,
    note: async (credential) => {
      if (known.has(credential)) return;
      known.set(credential, true);
      await tolerate(noteSuccess(db, credential, REMEMBERED_SECONDS));
    },
    forget: async (credential) => {
      known.delete(credential);
      await tolerate(forgetSuccess(db, credential));
    },
  };
}
