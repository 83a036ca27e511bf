import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";

/** A place in the list of pulls, of which the next page is what follows. */
export interface PullCursor {
  /** As the database writes it, so that nothing of it is lost. */
  readonly lastAt: string;
  readonly tag: string;
  readonly digest: string;
  readonly caller: string;
}

/** What of a repository's pulls is asked for. */
export interface PullQuery {
  readonly repository: RepositoryName;
  readonly tag: Tag | null;
  readonly digest: Digest | null;
  readonly since: Date | null;
  readonly limit: number;
  readonly cursor: PullCursor | null;
}
