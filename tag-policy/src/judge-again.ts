import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import { decideTagWrite, type TagState } from "./decide-tag-write.js";
import { isDeletable } from "./deletable.js";
import type { TagPolicy } from "./tag-policy.js";
import type { TagRule } from "./tag-rule.js";

/** A decision by the rules for tags, as it is on record. */
export interface TagDecisionOnRecord {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** A push, with what the tag was before, or a deletion. */
  readonly asked:
    | {
        readonly to: "push";
        readonly digest: Digest;
        /** What stood there; `null`: the record does not say. */
        readonly state: TagState | null;
        readonly hasSource: boolean;
      }
    | { readonly to: "delete" };
}

/** What other rules would make of it. */
export type TagJudgedAgain =
  | { readonly outcome: "same" }
  | {
      readonly outcome: "changes";
      readonly allow: boolean;
      /** Names of the rules that say so, and that said otherwise. */
      readonly by: string;
      readonly before: string;
    }
  | { readonly outcome: "unknown"; readonly dependsOn: string };

type Verdict = boolean | { readonly dependsOn: string };

/**
 * Holds decisions against other rules for tags, by what decides of pushes.
 *
 * @param inForce - the rules that count now
 * @param candidate - others
 * @returns judges one decision; what is not on record is not guessed
 */
export function judgingTagsAgain(
  inForce: TagPolicy,
  candidate: TagPolicy,
): (decision: TagDecisionOnRecord) => TagJudgedAgain {
  return (decision) => {
    const { repository, tag } = decision;
    const now = inForce.ruleFor(repository, tag);
    const then = candidate.ruleFor(repository, tag);
    if (isSame(now, then)) return { outcome: "same" };
    const [before, after] = [verdictOf(decision, now), verdictOf(decision, then)];
    if (typeof before === "object") return { outcome: "unknown", dependsOn: before.dependsOn };
    if (typeof after === "object") return { outcome: "unknown", dependsOn: after.dependsOn };
    if (before === after) return { outcome: "same" };
    // What a rule about sources alone decides is never known, so it is always the other rule.
    return { outcome: "changes", allow: after, by: then.name, before: now.name };
  };
}

/** Names do not decide. */
function isSame(one: TagRule, other: TagRule): boolean {
  return (
    one.mutability === other.mutability &&
    (one.appendOnly ?? false) === (other.appendOnly ?? false) &&
    one.deletable === other.deletable &&
    (one.sourceWantedBy === undefined) === (other.sourceWantedBy === undefined)
  );
}

function verdictOf({ asked }: TagDecisionOnRecord, rule: TagRule): Verdict {
  if (asked.to === "delete") return isDeletable(rule, false);
  if (rule.mutability === "forbidden") return false;
  const { state, digest, hasSource } = asked;
  if (state === null) return { dependsOn: "what the tag was before" };
  if (decideTagWrite(state, digest, rule.mutability).outcome === "refuse") return false;
  if (rule.appendOnly === true && state.kind !== "free" && isOther(state, digest))
    return { dependsOn: "whether the manifest has all of the one before" };
  if (rule.sourceWantedBy === undefined || hasSource) return true;
  return { dependsOn: "whether the image had a source" };
}

function isOther(state: TagState, digest: Digest): boolean {
  return !("digest" in state) || state.digest !== digest;
}
