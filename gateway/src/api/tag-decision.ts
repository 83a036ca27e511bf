import type { RecordedEntry } from "#audit-log/recorded-entry.js";
import { isDigest } from "#registry-protocol/digest.js";
import { isRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { TagState } from "#tag-policy/decide-tag-write.js";
import type { TagDecisionOnRecord } from "#tag-policy/judge-again.js";

/**
 * @param entry - a push, a refusal or a deletion of a tag
 * @returns what rules for tags can be asked about it again; a text: what the record does not say
 */
export function tagDecisionIn(entry: RecordedEntry): TagDecisionOnRecord | string {
  const { action, repository, tag, digest, detail } = entry;
  // Of refusals that were too many to be told apart.
  if (repository === null || tag === null || !isRepositoryName(repository))
    return "what was pushed";
  const what = { repository, tag: parseTag(tag) };
  if (action === "tag.deleted") return { ...what, asked: { to: "delete" } };
  if (digest === null || !isDigest(digest)) return "what was pushed";
  const hasSource = (detail["scmSource"] ?? null) !== null;
  return { ...what, asked: { to: "push", digest, state: stateIn(entry), hasSource } };
}

/** What was refused for another reason than what stood there does not tell it. */
function stateIn({ action, reason, digest, detail, actor, at }: RecordedEntry): TagState | null {
  const held = (given: unknown, kind: "held" | "deleted", locked = false): TagState | null =>
    typeof given === "string" && isDigest(given)
      ? { kind, locked, digest: given, by: actor.uid, at: new Date(at) }
      : null;
  if (action === "tag.pushed")
    switch (detail["change"]) {
      case "new":
        return { kind: "free" };
      case "moved":
        return held(detail["previous"], "held");
      case "restored":
        return held(digest, "deleted");
      case "named":
        return held(digest, "held");
      default:
        return null;
    }
  const kind = reason === "tag-deleted" ? "deleted" : "held";
  return HELD.includes(reason) ? held(detail["held"], kind, reason === "tag-locked") : null;
}

/** Refusals that name the digest which stood in the way. */
const HELD: readonly string[] = [
  ...["tag-held", "tag-deleted", "tag-locked"],
  ...["tag-would-shrink", "tag-grew-meanwhile", "tag-cannot-compare"],
];
