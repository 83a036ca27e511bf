import type { Digest } from "#registry-protocol/digest.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { nameOf } from "../drift/note-drift.js";
import { reasonOf } from "../drift/reason-of.js";
import type { Pass } from "./pass.js";

/**
 * @param pass - the pass
 * @param key - a tag
 * @param supposed - the digest that it should have, if any
 * @returns what it means at the registry, `null` when it has none; an error is counted, what the registry cannot read is
 *   named
 */
export async function askRegistry(
  pass: Pass,
  key: TagKey,
  supposed?: Digest,
): Promise<Digest | null | "unclear"> {
  try {
    const digest = await pass.parts.upstreamDigest(key, supposed);
    pass.tally.answered();
    return digest;
  } catch (error) {
    pass.signal.throwIfAborted();
    if (error instanceof Unreadable) {
      pass.tally.answered();
      pass.tally.problem(`${nameOf(key)}: ${error.message}`);
      return "unclear";
    }
    pass.tally.error(`${nameOf(key)}: ${reasonOf(error)}`);
    return "unclear";
  }
}
