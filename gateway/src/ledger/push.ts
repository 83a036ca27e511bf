import type { SearchResult } from "../scm/find-source.js";
import type { CommitDeps } from "./settle.js";
import type { TagClaim } from "./sql/reserve-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { PushedManifest } from "#registry-protocol/manifest/stored-manifest.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";

/** A push of a manifest under a tag. */
export interface TagPush extends TagClaim {
  readonly manifest: PushedManifest;
}

/** How a push of a tag can end. */
export type PushOutcome =
  "stored" | "unchanged" | "refused" | "rejected" | "undecided" | "abandoned";

/** What pushing a tag needs. */
export interface PushDeps extends CommitDeps {
  readonly policy: TagPolicy;
  /** Current time in milliseconds. */
  readonly now: () => number;
  /** Waits until a push of the tag has been settled, or this many milliseconds. */
  readonly untilSettled: (key: TagKey, milliseconds: number) => Promise<void>;
  /** Settles the push of a gateway that was lost. */
  readonly recover: (key: TagKey) => Promise<void>;
  /** @returns the source that the image itself names, read within a few seconds. @throws when that cannot be told */
  readonly findSource: (push: TagPush) => Promise<SearchResult>;
  /** Told once for every push that came to an end. */
  readonly count: (outcome: PushOutcome) => void;
}
