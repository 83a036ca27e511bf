import { boundOf } from "./bounds.js";
import type { Policy, Rule } from "./compile.js";
import { verb } from "./conditions.js";
import { matchRule, type Match } from "./match.js";
import type { Question } from "./question.js";
import { NearestRule, type Near } from "./nearest.js";
import { phrase, reasonOf, whyOf } from "./reason.js";
import type { Effect, RuleName } from "./rule.js";

/** The answer to "may this identity do this", always with the reason. */
export type Decision =
  | {
      readonly allow: boolean;
      /** A sentence for the one who asked. */
      readonly reason: string;
      /** The rule that decides; `null` when none matched. Ids with a dot are bounds of no policy. */
      readonly rule: RuleName | null;
    }
  /** It depends on team membership, which has not been looked up. */
  | { readonly allow: "teams-needed" };

/** Is told of each rule that was looked at, in order. */
export type Visit = (rule: Rule, match: Match) => void;

/**
 * @param policy - the rules
 * @param question - what is asked
 * @param visit - is told of each rule that was looked at
 * @returns the decision, the same whether or not somebody watches
 */
export function evaluate(policy: Policy, question: Question, visit: Visit): Decision {
  if (question.identity.kind === "unrestricted")
    return {
      allow: true,
      reason: "authentication is switched off",
      rule: { id: "kind.unrestricted", at: null },
    };
  const decision = walk(policy, question, visit);
  const isDeniedByRule = decision.allow === false && decision.rule !== null;
  const bound = isDeniedByRule ? null : boundOf(question);
  return bound === null ? decision : { allow: false, ...bound };
}

function walk(policy: Policy, question: Question, visit: Visit): Decision {
  const open = new Set<Effect>();
  const near = new NearestRule(question);
  for (const rule of policy.rules) {
    const match = matchRule(rule, question);
    visit(rule, match);
    if (match.outcome === "matched") return decided(rule, question, open);
    if (match.outcome === "teams-needed") open.add(rule.spec.effect);
    near.consider(rule, match);
  }
  return open.has("allow") ? { allow: "teams-needed" } : unmatched(question, near.nearest);
}

/** Rules that would need teams to tell whether they match matter only if they say something else. */
function decided(rule: Rule, question: Question, open: ReadonlySet<Effect>): Decision {
  const { effect } = rule.spec;
  if (open.has(effect === "allow" ? "deny" : "allow")) return { allow: "teams-needed" };
  return { allow: effect === "allow", reason: reasonOf(rule, question), rule: rule.name };
}

function unmatched(question: Question, nearest: Near | null): Decision {
  return { allow: false, reason: unmatchedReason(question, nearest), rule: null };
}

function unmatchedReason(question: Question, nearest: Near | null): string {
  if (nearest === null) return `no rule allows ${phrase(question)}`;
  if (question.identity.kind === "anonymous") return `log in to ${verb(question.action)}`;
  return whyOf(nearest.match, nearest.rule, question);
}
