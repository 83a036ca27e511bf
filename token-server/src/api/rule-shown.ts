import type { Conditions, RuleSpec } from "#access-policy/rule.js";
import type { RuleAbout } from "#access-policy/who-can.js";

/**
 * How much of the rules somebody is shown: who is meant, for whoever may pull; addresses and claims, which say how networks
 * and pipelines are built, for those who answer for the team; where rules stand and what else they are about, for administrators.
 */
export type Insight = "reader" | "manager" | "administrator";

/** Conditions of which readers are told that they are there. */
const WITHHELD = ["addresses", "claims"] as const satisfies (keyof Conditions)[];

/**
 * @param rule - a rule about a repository
 * @param insight - how much of it somebody is shown
 * @returns what they are shown of it
 */
export function shown({ rule, effect, who, unless, patterns }: RuleAbout, insight: Insight) {
  const isAdministrator = insight === "administrator";
  return {
    rule: rule.id,
    ...(isAdministrator ? { at: rule.at } : {}),
    effect,
    who: whoShown(who, insight),
    unless: unless === null ? null : conditionsShown(unless, insight),
    where: patterns.map(({ pattern, values }) =>
      isAdministrator ? { pattern, values } : { values },
    ),
  };
}

function whoShown(who: RuleSpec["who"], insight: Insight) {
  return typeof who === "string" ? who : conditionsShown(who, insight);
}

function conditionsShown(conditions: Conditions, insight: Insight) {
  const withheld = WITHHELD.filter((key) => conditions[key] !== undefined);
  if (insight !== "reader" || withheld.length === 0) return conditions;
  const open = Object.entries(conditions).filter(([key]) => !WITHHELD.some((one) => one === key));
  return { ...Object.fromEntries(open), withheld };
}
