import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { LatestTag } from "./sql/latest-tag.js";

/** Finds out what virtual `latest` means where nothing was pushed through the gateway. */
export interface LatestInheritance {
  /**
   * @param repository - a repository
   * @returns what it means there, from now on; `null` when the registry has no tag that it could mean
   * @throws Fault UNAVAILABLE when that cannot be told, or not yet
   */
  find(repository: RepositoryName): Promise<LatestTag | null>;
  /**
   * Records what the registry's own `latest` means, if that is what virtual `latest` means there.
   *
   * @param repository - a repository
   * @throws Fault UNAVAILABLE when that cannot be told
   */
  recordOwn(repository: RepositoryName): Promise<void>;
}
