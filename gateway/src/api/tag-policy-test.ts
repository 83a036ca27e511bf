import { setImmediate } from "node:timers/promises";
import { newestDecisions, toldOf } from "#audit-log/decisions.js";
import { testTagPolicy } from "#rest-api/operations/policy-tests.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { judgingTagsAgain } from "#tag-policy/judge-again.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { implement, type Implementation } from "./implement.js";
import { tagDecisionIn } from "./tag-decision.js";

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
        const decision = tagDecisionIn(entry);
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

function nameShown(rule: string) {
  return { rule, at: null };
}
