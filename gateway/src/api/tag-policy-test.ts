import { setImmediate } from "node:timers/promises";
import { newestDecisions, toldOf } from "#audit-log/decisions.js";
import type { RecordedEntry } from "#audit-log/recorded-entry.js";
import { isDigest } from "#registry-protocol/digest.js";
import { isRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { testTagPolicy } from "#rest-api/operations/policy-tests.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { TagState } from "#tag-policy/decide-tag-write.js";
import { judgingTagsAgain, type TagDecisionOnRecord } from "#tag-policy/judge-again.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { implement, type Implementation } from "./implement.js";

/** What judging candidates needs. */
export interface TagPolicyTestDeps {
  readonly db: Queryable;
  /** The rules in force. */
  readonly policy: TagPolicy;
  /** @returns the rules in a file's text. @throws Fault REQUEST_INVALID that says what is wrong in which line */
  readonly read: (text: string) => TagPolicy;
}

const ACTIONS = ["tag.pushed", "tag.refused", "tag.deleted"] as const;

/**
 * @param deps - rules and audit log
 * @returns the operation that tells what other rules for tags would have decided
 */
export function tagPolicyTests({ db, policy, read }: TagPolicyTestDeps): readonly Implementation[] {
  return [
    implement(testTagPolicy, async ({ body }) => {
      const judge = judgingTagsAgain(policy, read(body.policy));
      const entries = await newestDecisions(db, ACTIONS, body.last);
      let same = 0;
      const changes: object[] = [];
      const unknown: object[] = [];
      for (const entry of entries) {
        const decision = decisionIn(entry);
        const answer =
          typeof decision === "string"
            ? { outcome: "unknown" as const, dependsOn: decision }
            : judge(decision);
        if (answer.outcome === "same") same += 1;
        else if (answer.outcome === "unknown")
          unknown.push({ ...toldOf(entry), dependsOn: [answer.dependsOn] });
        else {
          const { allow, by, before } = answer;
          const shown = { rules: [nameShown(by)], rulesInForce: [nameShown(before)] };
          changes.push({ ...toldOf(entry), allow, ...shown });
        }
        // Pushes and pulls go on meanwhile.
        await setImmediate();
      }
      const since = entries.at(-1)?.at ?? null;
      return { body: { looked: entries.length, since, same, changes, unknown, warnings: [] } };
    }),
  ];
}

function decisionIn(entry: RecordedEntry): TagDecisionOnRecord | string {
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

function nameShown(rule: string) {
  return { rule, at: null };
}
