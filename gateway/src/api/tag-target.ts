import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { segmentsOf, splitTarget } from "#registry-protocol/path.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** A request about one tag. */
export interface TagTarget extends TagKey {
  readonly about: "tag" | "lock" | "scm-source";
}

const PREFIX = "/api/v1/repositories/";

/**
 * Repository names have slashes, so the target is read from its end: `…/<name>/tags/<tag>`,
 * `…/<name>/tags/<tag>/lock` or `…/<name>/tags/<tag>/scm-source`. Where it can be read both ways (a tag "lock" of
 * a repository `…/tags`), reading requests are about the tag and others about the lock. A name whose slashes are
 * written `%2F` is one segment, and can be read one way alone.
 *
 * @param method - HTTP method
 * @param target - request target exactly as received
 * @returns what it is about, or `null` when it is another endpoint's
 * @throws Fault NAME_INVALID, TAG_NAME_INVALID, or REQUEST_INVALID when it cannot be decoded
 */
export function parseTagTarget(method: string, target: string): TagTarget | null {
  const { path } = splitTarget(target);
  if (!path.startsWith(PREFIX)) return null;
  const segments = segmentsOf(path.slice(PREFIX.length));
  const isTag = segments.length >= 3 && segments.at(-2) === "tags";
  const below = segments.length >= 4 && segments.at(-3) === "tags" ? segments.at(-1) : undefined;
  const reads = method === "GET" || method === "HEAD";
  if ((below === "lock" || below === "scm-source") && !(isTag && reads))
    return keyOf(below, segments.slice(0, -1));
  return isTag ? keyOf("tag", segments) : null;
}

function keyOf(about: TagTarget["about"], segments: readonly string[]): TagTarget {
  return {
    about,
    repository: parseRepositoryName(segments.slice(0, -2).join("/")),
    tag: parseTag(segments.at(-1) ?? ""),
  };
}

/**
 * @param method - HTTP method
 * @param about - what a request is about
 * @returns the fault to throw: a lock is never undone, and tags are written by registry clients
 */
export function methodUnsupported(method: string, about: TagTarget["about"]): Fault {
  const isUnlock = about === "lock" && method === "DELETE";
  return new Fault("METHOD_UNSUPPORTED", {
    message: isUnlock
      ? "a lock is for good: what was relied on stays what it was"
      : `the method ${method.slice(0, 20)} is not supported here`,
    headers: { Allow: about === "lock" ? "PUT" : "GET, HEAD" },
  });
}
