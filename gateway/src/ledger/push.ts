import type { SearchResult } from "../scm/find-source.js";
import type { CommitDeps } from "./settle.js";
import type { TagClaim } from "./sql/reserve-tag.js";
import type { PushedManifest } from "#registry-protocol/manifest/stored-manifest.js";
import type { WriteCondition } from "#registry-protocol/write-condition.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { PushCounts } from "./push-counts.js";
import type { Waiting } from "./waiting.js";

/** A push of a manifest under a tag. */
export interface TagPush extends TagClaim {
  readonly manifest: PushedManifest;
  /** What the tag has to be before; absent or `null`: anything. */
  readonly condition?: WriteCondition | null;
}

/** What pushing a tag needs. */
export interface PushDeps extends CommitDeps {
  readonly policy: TagPolicy;
  readonly waiting: Waiting;
  readonly counts: PushCounts;
  /** @returns the source that the image itself names, read within a few seconds. @throws when that cannot be told */
  readonly findSource: (push: TagPush) => Promise<SearchResult>;
}
