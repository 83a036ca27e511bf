import { splitRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import type { NewEvent } from "../events/event.js";

/** What the registry is called in events. */
export interface RegistryIdentity {
  /** As in references to images: `host` or `host:port`. */
  readonly name: string;
  /** URI reference (RFC 3986) of the registry. */
  readonly uri: string;
}

/**
 * @param event - what happened
 * @returns the two parts of the repository's name; the artifact is empty when it has one component alone
 */
export function teamAndArtifact({ repository }: Pick<NewEvent, "repository">): {
  readonly team: string;
  readonly artifact: string;
} {
  // Names come from the ledger, which takes well-formed ones alone.
  const { namespace, artifact } = splitRepositoryName(repository as RepositoryName);
  return { team: namespace, artifact };
}

/**
 * @param event - what happened
 * @returns where it happened below the registry: `team/app:tag`, without a tag `team/app@digest`
 */
export function subjectOf({
  repository,
  tag,
  digest,
}: Pick<NewEvent, "repository" | "tag" | "digest">): string {
  if (tag !== null) return `${repository}:${tag}`;
  return digest === null ? repository : `${repository}@${digest}`;
}
