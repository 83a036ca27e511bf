import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import { BUILT_IN, type TagPolicy } from "./tag-policy.js";

/** By what rule for tags something is decided, for the record. */
export interface TagGrounds {
  readonly tagRule: string;
  /** Fingerprint of the rules, by which their `policy.changed` entry is found. */
  readonly tagPolicy: string;
}

/**
 * @param policy - the rules for tags that count now
 * @param repository - a repository
 * @param tag - a tag in it
 * @returns which of them applies
 */
export function tagGroundsOf(
  policy: Pick<TagPolicy, "ruleFor" | "fingerprint">,
  repository: RepositoryName,
  tag: Tag,
): TagGrounds {
  const tagRule = policy.ruleFor(repository, tag).name;
  return { tagRule, tagPolicy: policy.fingerprint?.() ?? BUILT_IN };
}
