import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";

/** A tag as the ledger had it when a pass looked. */
export interface SeenTag {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest;
  /** Changes with every change of the digest, even to one that it had before. */
  readonly version: string;
  readonly locked: boolean;
  /** Whether it was not found so often that it counts as missing. */
  readonly missing: boolean;
  /** Whether it was not found, or meant something else, when it was looked at last. */
  readonly marked: boolean;
}
