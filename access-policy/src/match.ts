import type { Rule } from "./compile.js";
import type { Condition } from "./conditions.js";
import { matchesGlob } from "./glob.js";
import type { Question } from "./question.js";

/** What came of holding a question against one rule. */
export type Match =
  | { readonly outcome: "matched" | "teams-needed" }
  | { readonly outcome: "other-action" | "other-repository" }
  | { readonly outcome: "missed"; readonly met: number; readonly missed: Condition };

const MATCHED: Match = { outcome: "matched" };
const TEAMS_NEEDED: Match = { outcome: "teams-needed" };
const OTHER_ACTION: Match = { outcome: "other-action" };
const OTHER_REPOSITORY: Match = { outcome: "other-repository" };

/**
 * @param rule - a rule
 * @param question - what is asked
 * @returns whether it matches, and if not, the first condition that does not hold; `teams-needed`
 *   when everything else holds
 */
export function matchRule(rule: Rule, question: Question): Match {
  const { repository } = question;
  if (!rule.actions.has(question.action)) return OTHER_ACTION;
  if (repository !== null && !rule.globs.some((glob) => matchesGlob(glob, repository)))
    return OTHER_REPOSITORY;
  let match = MATCHED;
  for (const [met, condition] of rule.conditions.entries()) {
    const verdict = condition.holds(question);
    if (verdict === false) return { outcome: "missed", met, missed: condition };
    if (verdict === "teams-needed") match = TEAMS_NEEDED;
  }
  return match;
}
