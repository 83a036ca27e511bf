import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import { LATEST, type TagRule } from "./tag-rules.js";

/** Says which rule applies to a tag. */
export interface TagPolicy {
  /** @returns the rule for a tag of a repository */
  ruleFor(repository: RepositoryName, tag: Tag): TagRule;
  /** @returns whether `latest` means the newest tag there */
  isLatestVirtual(repository: RepositoryName): boolean;
}

const VIRTUAL: TagRule = { mutability: "forbidden", name: "latest is virtual" };
const SNAPSHOT: TagRule = { mutability: "mutable", name: "*-SNAPSHOT is mutable" };
const IMMUTABLE: TagRule = { mutability: "immutable", name: "immutable" };

/** Pier One's rules: immutable, `*-SNAPSHOT` mutable, `latest` virtual. */
export const PIER_ONE_TAGS: TagPolicy = {
  ruleFor: (_repository, tag) => {
    if (tag === LATEST) return VIRTUAL;
    return tag.endsWith("-SNAPSHOT") ? SNAPSHOT : IMMUTABLE;
  },
  isLatestVirtual: () => true,
};
