import { deleteWithTags, type DeleteWithTagsDeps } from "./delete-with-tags.js";
import { deleteTag, mayDeleteTag, type DeleteTagDeps } from "./delete-tag.js";
import type { RemovalAnswer } from "./removal-answer.js";
import type { TagRemoval } from "../ledger/sql/reserve-held-tag.js";
import type { TagsRemoval } from "../ledger/sql/tags-of-manifest.js";

/** Deletes what may go. */
export interface Deletion {
  /** See {@link deleteTag}. */
  tag(removal: TagRemoval, atRegistry: () => Promise<RemovalAnswer>): Promise<void>;
  /** See {@link mayDeleteTag}. */
  mayDelete(key: Parameters<typeof mayDeleteTag>[1]): ReturnType<typeof mayDeleteTag>;
  /** See {@link deleteWithTags}. */
  manifest(removal: TagsRemoval, atRegistry: () => Promise<RemovalAnswer>): Promise<void>;
}

/**
 * @param ofTags - what deleting a tag needs
 * @param ofManifests - what deleting a manifest needs
 * @returns both, ready for use
 */
export function deletion(ofTags: DeleteTagDeps, ofManifests: DeleteWithTagsDeps): Deletion {
  return {
    tag: (removal, atRegistry) => deleteTag(ofTags, removal, atRegistry),
    mayDelete: (key) => mayDeleteTag(ofTags, key),
    manifest: (removal, atRegistry) => deleteWithTags(ofManifests, removal, atRegistry),
  };
}
