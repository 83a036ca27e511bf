import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagResolver } from "../ledger/resolve-tag.js";

/**
 * @param resolver - what tags mean
 * @param key - a tag
 * @returns the manifest that it means
 * @throws Fault NOT_FOUND when it means none
 */
export async function digestOfTag(
  resolver: Pick<TagResolver, "resolve">,
  key: TagKey,
): Promise<Digest> {
  const found = await resolver.resolve(key);
  if (found.kind === "digest") return found.digest;
  throw new Fault("NOT_FOUND", { message: "there is no such tag" });
}
