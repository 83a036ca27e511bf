import type { Action, Resource } from "#registry-protocol/scope.js";
import { askerOf, type Asker } from "./asker.js";
import type { Policy, Rule } from "./compile.js";
import { partsOf, settle, type Settled } from "./decide.js";
import { evaluate, type Decision, type Visited } from "./evaluate.js";
import type { Match } from "./match.js";
import type { Circumstances, Question, Subject } from "./question.js";
import { whyOf } from "./reason.js";
import type { Effect, RuleName } from "./rule.js";

/** What one rule said. */
export interface TraceEntry {
  readonly rule: RuleName;
  readonly effect: Effect;
  readonly outcome: "matched" | "not-matched" | "teams-needed";
  /** The reason it gives, or the first condition that does not hold, in words. */
  readonly because: string;
}

/** A decision with the way to it; can be sent as JSON. */
export interface Explanation extends Settled {
  /** The rules that were looked at, in order; the deciding rule is the last that matched. */
  readonly trace: readonly TraceEntry[];
  /** How many rules in the middle of the trace are left out to keep it short. */
  readonly omitted: number;
  /** How many rules come after the deciding one and were not looked at. */
  readonly notReached: number;
}

const MOST_ENTRIES = 100;

/**
 * Explains what {@link decide} decides.
 *
 * @param policy - the rules
 * @param subject - who would ask
 * @param resource - what would be acted on
 * @param action - what would be done; of `*`, the part that decides is explained
 * @param circumstances - from where it would be asked
 * @returns the same decision, and of each rule whether it matched or why not
 */
export function explain(
  policy: Policy,
  subject: Subject,
  resource: Resource,
  action: Action,
  circumstances: Circumstances,
): Explanation {
  const asker = askerOf(subject, circumstances, policy.facts);
  const parts = partsOf(resource, action).map((part) =>
    explainPart(policy, asker, asker.question(resource, part)),
  );
  return settle(parts);
}

function explainPart(policy: Policy, asker: Asker, question: Question): Explanation {
  const { action } = question;
  const visited: Visited[] = [];
  const decision = evaluate(policy, asker, question, visited);
  const kept = [
    ...visited.slice(0, MOST_ENTRIES - 1),
    ...visited.slice(MOST_ENTRIES - 1).slice(-1),
  ];
  const trace = kept.map(([rule, match]) => entryOf(rule, match, question, decision));
  const bound = boundEntry(decision);
  return {
    action,
    decision,
    trace: bound === null ? trace : [...trace, bound],
    omitted: visited.length - kept.length,
    notReached: policy.rules.length - visited.length,
  };
}

function entryOf(rule: Rule, match: Match, question: Question, decision: Decision): TraceEntry {
  // What a rule says of those before it is known to the decision alone.
  const isDeciding = decision.allow !== "teams-needed" && decision.rule === rule.name;
  const outcome =
    match.outcome === "matched" || match.outcome === "teams-needed" ? match.outcome : "not-matched";
  return {
    rule: rule.name,
    effect: rule.spec.effect,
    outcome,
    because: isDeciding ? decision.reason : whyOf(match, rule, question),
  };
}

/** What decided although it stands in no policy. */
function boundEntry(decision: Settled["decision"]): TraceEntry | null {
  if (decision.allow === "teams-needed" || !decision.rule?.id.includes(".")) return null;
  const { allow, rule, reason } = decision;
  return { rule, effect: allow ? "allow" : "deny", outcome: "matched", because: reason };
}
