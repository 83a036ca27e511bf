import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { UntaggedManifest } from "../../deletion/delete-untagged.js";

const ELIGIBLE = /^manifest eligible for deletion: \{(\S+) (\S+) \[.*\]\}$/gm;

/**
 * @param output - what `registry garbage-collect --dry-run --delete-untagged` of the 3.x line printed
 * @returns the manifests that it would delete
 * @throws Fault NAME_INVALID or DIGEST_INVALID when it names what cannot be one
 */
export function untaggedManifests(output: string): UntaggedManifest[] {
  return [...output.matchAll(ELIGIBLE)].map(([, name = "", digest = ""]) => ({
    repository: parseRepositoryName(name),
    digest: parseDigest(digest),
  }));
}
