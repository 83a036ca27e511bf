import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { RegistryReads } from "./registry-reads.js";

/** What a tag has at the registry, as {@link RegistryReads.digestOfTag} tells it. */
export type TagDigest = (key: TagKey, supposed?: Digest) => Promise<Digest | null>;

/**
 * @param upstream - the registry
 * @returns what asks it for the digests of tags; nothing that is supposed of a tag gets lost on the way, since of one that
 *   cannot be read nothing else can be told
 */
export function tagDigest(upstream: Pick<RegistryReads, "digestOfTag">): TagDigest {
  return ({ repository, tag }, supposed) => upstream.digestOfTag(repository, tag, supposed);
}
