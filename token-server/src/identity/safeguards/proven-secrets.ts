import { namesInMemory } from "#service-kit/hmac.js";
import { LRUCache } from "lru-cache";

/**
 * Whether a secret belongs to a stored hash.
 *
 * @param secret - what was shown
 * @param stored - the hash, with its salt
 * @param compare - finds out; slow by intent
 * @returns what `compare` said, now or before
 */
export type ProvenSecrets = (
  secret: string,
  stored: string,
  compare: () => Promise<boolean>,
) => Promise<boolean>;

const REMEMBERED = 10_000;
/** As long as a login counts as right of late. */
const REMEMBERED_MILLISECONDS = 24 * 3600 * 1000;

/**
 * Comparing is slow so that guessing is. Whoever was right does not wait in line with guessers again: that a secret
 * belongs to a hash never changes, and another hash is another question.
 *
 * @returns a memory of secrets that were right, which holds no secret: they are found by names that only this
 *   process can make
 */
export function provenSecrets(): ProvenSecrets {
  const nameOf = namesInMemory();
  const proven = new LRUCache<string, true>({ max: REMEMBERED, ttl: REMEMBERED_MILLISECONDS });
  return async (secret, stored, compare) => {
    const id = nameOf(JSON.stringify([stored, secret]));
    if (proven.has(id)) return true;
    if (!(await compare())) return false;
    proven.set(id, true);
    return true;
  };
}
