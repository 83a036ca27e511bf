import { parseDigest, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";

/** What somebody asks about: a digest, wherever or in one repository, or a tag. */
export type AskedImage =
  | { readonly repository: RepositoryName | null; readonly digest: Digest }
  | { readonly repository: RepositoryName; readonly tag: Tag };

const A_DIGEST = /^[a-z0-9]+:[0-9a-f]{32,}$/;

/**
 * @param text - `repository@digest`, `digest` or `repository:tag`
 * @returns what is meant
 * @throws Fault NAME_INVALID, TAG_NAME_INVALID or DIGEST_INVALID
 */
export function parseAskedImage(text: string): AskedImage {
  if (A_DIGEST.test(text)) return { repository: null, digest: parseDigest(text) };
  const at = text.indexOf("@");
  if (at >= 0)
    return {
      repository: parseRepositoryName(text.slice(0, at)),
      digest: parseDigest(text.slice(at + 1)),
    };
  const colon = text.lastIndexOf(":");
  return {
    repository: parseRepositoryName(colon < 0 ? text : text.slice(0, colon)),
    tag: parseTag(colon < 0 ? "" : text.slice(colon + 1)),
  };
}
