import type { Asker } from "./asker.js";
import type { Policy, Rule } from "./compile.js";
import { matchRule, type Match } from "./match.js";
import type { Question } from "./question.js";
import { nearestRule } from "./nearest.js";
import { phrase, reasonOf, whyOf } from "./reason.js";
import type { Effect, RuleName } from "./rule.js";
import type { Candidate } from "./rule-index.js";
import { verb } from "./sentences.js";

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

/** A rule that was looked at, and what came of it. */
export type Visited = readonly [Rule, Match];

/**
 * @param policy - the rules
 * @param asker - who asks
 * @param question - what they ask
 * @param trace - is filled with every rule up to the one that decides; without it, rules that cannot be about the
 *   repository are passed over
 * @returns the decision, the same with and without a trace
 */
export function evaluate(
  policy: Policy,
  asker: Asker,
  question: Question,
  trace: Visited[] | null = null,
): Decision {
  if (question.identity.kind === "unrestricted")
    return {
      allow: true,
      reason: "authentication is switched off",
      rule: { id: "kind.unrestricted", at: null },
    };
  const decision = walk(policy, asker, question, trace);
  const isDeniedByRule = decision.allow === false && decision.rule !== null;
  const bound = isDeniedByRule ? null : asker.bounds.denialOf(question);
  return bound === null ? decision : { allow: false, ...bound };
}

function walk(policy: Policy, asker: Asker, question: Question, trace: Visited[] | null): Decision {
  const open = new Set<Effect>();
  const visited = trace ?? [];
  const candidates =
    trace === null ? policy.about(question.action, question.repository) : all(policy);
  for (const { rule, globs } of candidates) {
    const match = matchRule(rule, question, asker.standings, globs);
    visited.push([rule, match]);
    if (match.outcome === "matched") return decided(rule, question, { open, visited });
    if (match.outcome === "teams-needed") open.add(rule.spec.effect);
  }
  return open.has("allow") ? { allow: "teams-needed" } : unmatched(question, visited);
}

function all({ rules }: Policy): readonly Candidate<Rule>[] {
  return rules.map((rule) => ({ rule, globs: rule.globs }));
}

/** Rules that would need teams to tell whether they match matter only if they say something else. */
function decided(
  rule: Rule,
  question: Question,
  { open, visited }: { readonly open: ReadonlySet<Effect>; readonly visited: readonly Visited[] },
): Decision {
  const { effect } = rule.spec;
  if (open.has(effect === "allow" ? "deny" : "allow")) return { allow: "teams-needed" };
  const missing = () => unmatchedReason(question, visited);
  return { allow: effect === "allow", reason: reasonOf(rule, question, missing), rule: rule.name };
}

function unmatched(question: Question, visited: readonly Visited[]): Decision {
  return { allow: false, reason: unmatchedReason(question, visited), rule: null };
}

function unmatchedReason(question: Question, visited: readonly Visited[]): string {
  const nearest = nearestRule(visited, question);
  if (nearest === null) return `no rule allows ${phrase(question)}`;
  if (question.identity.kind === "anonymous") return `log in to ${verb(question.action)}`;
  return whyOf(nearest.match, nearest.rule, question);
}
