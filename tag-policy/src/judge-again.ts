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
    const [now, then] = [inForce, candidate].map((policy) => policy.ruleFor(repository, tag));
    if (now === undefined || then === undefined || isSame(now, then)) return { outcome: "same" };
    const [before, after] = [verdictOf(decision, now), verdictOf(decision, then)];
    if (typeof before === "object") return { outcome: "unknown", dependsOn: before.dependsOn };
    if (typeof after === "object") return { outcome: "unknown", dependsOn: after.dependsOn };
    if (before === after) return { outcome: "same" };
    const by = (rule: TagRule) =>
      isAsked(decision, rule) ? (rule.sourceWantedBy ?? rule.name) : rule.name;
    return { outcome: "changes", allow: after, by: by(then), before: by(now) };
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

function isAsked({ asked }: TagDecisionOnRecord, { sourceWantedBy }: TagRule): boolean {
  return asked.to === "push" && sourceWantedBy !== undefined && !asked.hasSource;
}

function verdictOf(decision: TagDecisionOnRecord, rule: TagRule): Verdict {
  const { asked } = decision;
  if (asked.to === "delete") return isDeletable(rule, false);
  if (rule.mutability === "forbidden") return false;
  const { state, digest } = asked;
  if (state === null) return { dependsOn: "what the tag was before" };
  if (decideTagWrite(state, digest, rule.mutability).outcome === "refuse") return false;
  if (rule.appendOnly === true && state.kind !== "free" && isOther(state, digest))
    return { dependsOn: "whether the manifest has all of the one before" };
  return isAsked(decision, rule) ? { dependsOn: "whether the image had a source" } : true;
}

function isOther(state: TagState, digest: Digest): boolean {
  return !("digest" in state) || state.digest !== digest;
}
