import { boundOf } from "./bounds.js";
import type { Policy, Rule } from "./compile.js";
import { matchRule, type Match } from "./match.js";
import type { Question } from "./question.js";
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

interface Nearest {
  readonly rule: Rule;
  readonly match: Extract<Match, { outcome: "missed" }>;
}

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
  let nearest: Nearest | null = null;
  for (const rule of policy.rules) {
    const { effect } = rule.spec;
    const match = matchRule(rule, question);
    visit(rule, match);
    if (match.outcome === "matched") return decided(rule, question, open);
    if (match.outcome === "teams-needed") open.add(effect);
    if (match.outcome === "missed" && effect === "allow" && isNearer(match, nearest))
      nearest = { rule, match };
  }
  return open.has("allow") ? { allow: "teams-needed" } : unmatched(question, nearest);
}

/** Rules that would need teams to tell whether they match matter only if they say something else. */
function decided(rule: Rule, question: Question, open: ReadonlySet<Effect>): Decision {
  const { effect } = rule.spec;
  if (open.has(effect === "allow" ? "deny" : "allow")) return { allow: "teams-needed" };
  return { allow: effect === "allow", reason: reasonOf(rule, question), rule: rule.name };
}

function isNearer(match: Nearest["match"], nearest: Nearest | null): boolean {
  if (nearest === null) return true;
  if (match.met !== nearest.match.met) return match.met > nearest.match.met;
  return match.missed.rank > nearest.match.missed.rank;
}

function unmatched(question: Question, nearest: Nearest | null): Decision {
  const reason =
    nearest === null
      ? `no rule allows ${phrase(question)}`
      : whyOf(nearest.match, nearest.rule, question);
  return { allow: false, reason, rule: null };
}
