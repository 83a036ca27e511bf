import type { RepositoryName } from "./repository-name.js";
import type { Tag } from "./tag.js";

/** A tag of a repository. */
export interface TagKey {
  readonly repository: RepositoryName;
  readonly tag: Tag;
}
