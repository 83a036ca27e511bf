import type { Rule } from "./compile.js";
import type { Condition } from "./condition.js";
import { fitsAny } from "./glob-match.js";
import type { Question } from "./question.js";

/** What came of holding a question against one rule. */
export type Match =
  | { readonly outcome: "matched" | "teams-needed" }
  | { readonly outcome: "other-action" | "other-repository" }
  | { readonly outcome: "missed"; readonly met: number; readonly missed: Condition };

/** What came of rules' conditions on the caller, which are the same for all questions of one caller. */
export type Standings = Map<Rule, Match>;

const MATCHED: Match = { outcome: "matched" };
const TEAMS_NEEDED: Match = { outcome: "teams-needed" };
const OTHER_ACTION: Match = { outcome: "other-action" };
const OTHER_REPOSITORY: Match = { outcome: "other-repository" };

/**
 * @param rule - a rule
 * @param question - what is asked
 * @param standings - what is known of the caller already, and is learned here
 * @param globs - the rule's patterns, or those of them that can fit
 * @returns whether it matches, and if not, the first condition that does not hold; `teams-needed`
 *   when everything else holds
 */
export function matchRule(
  rule: Rule,
  question: Question,
  standings: Standings,
  globs: Rule["globs"] = rule.globs,
): Match {
  const { name } = question;
  if (!rule.actions.has(question.action)) return OTHER_ACTION;
  if (name !== null && !fitsAny(name, rule, globs)) return OTHER_REPOSITORY;
  const standing = standings.get(rule) ?? standingIn(rule, question);
  standings.set(rule, standing);
  if (standing.outcome === "missed" || rule.values === null) return standing;
  const verdict = rule.values.holds(question);
  if (verdict === false)
    return { outcome: "missed", met: rule.conditions.length, missed: rule.values };
  return verdict === "teams-needed" ? TEAMS_NEEDED : standing;
}

function standingIn(rule: Rule, question: Question): Match {
  let match = MATCHED;
  for (const [met, condition] of rule.conditions.entries()) {
    const verdict = condition.holds(question);
    if (verdict === false) return { outcome: "missed", met, missed: condition };
    if (verdict === "teams-needed") match = TEAMS_NEEDED;
  }
  return match;
}
