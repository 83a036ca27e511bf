import { parseRepositoryName, type RepositoryName } from "./repository-name.js";
import { parseTag, type Tag } from "./tag.js";

/** A request to an extension of the registry API (OCI distribution-spec, "extensions"). */
export type ExtensionRequest =
  | { readonly kind: "extensions.list" }
  | { readonly kind: "extensions.of"; readonly repository: RepositoryName }
  | { readonly kind: "tag.history"; readonly repository: RepositoryName; readonly tag: Tag }
  | { readonly kind: "tags.described"; readonly repository: RepositoryName };

/** The specification's own extensions, and ours: no component of a repository's name begins so. */
const OCI_EXTENSION = "_oci";
const OWN_EXTENSION = "_wharfinger";

/**
 * @param segments - of a path below `/v2/`, decoded
 * @returns which extension it is of, to be read alone; `null`: none
 * @throws Fault NAME_INVALID, TAG_NAME_INVALID
 */
export function extensionRequest(segments: readonly string[]): ExtensionRequest | null {
  const [extension, component, last = ""] = segments.slice(-3);
  const repository = () => parseRepositoryName(segments.slice(0, -3).join("/"));
  if (extension === OCI_EXTENSION && component === "ext" && last === "discover")
    return segments.length === 3
      ? { kind: "extensions.list" }
      : { kind: "extensions.of", repository: repository() };
  if (extension === OCI_EXTENSION && component === "tag-history")
    return { kind: "tag.history", repository: repository(), tag: parseTag(last) };
  if (extension === OWN_EXTENSION && component === "tags" && last === "list")
    return { kind: "tags.described", repository: repository() };
  return null;
}
