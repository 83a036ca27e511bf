import type { Condition } from "./condition.js";
import { unlessCondition, whoConditions } from "./conditions.js";
import { repositoryGlob, type Glob } from "./glob.js";
import type { PolicyFacts } from "./policy-facts.js";
import type { PolicyAction, RuleAction, RuleName, RuleSpec } from "./rule.js";
import { repositoryValues } from "./repository-values.js";
import { indexRules, type RuleIndex } from "./rule-index.js";

/** A rule with its patterns, networks and conditions read once. */
export interface Rule {
  readonly name: RuleName;
  readonly spec: RuleSpec;
  readonly actions: ReadonlySet<PolicyAction>;
  readonly globs: readonly Glob[];
  /** Conditions on who asks, and from where. */
  readonly conditions: readonly Condition[];
  /** The condition that templates stand for what is in the repository's name; `null` without templates. */
  readonly values: Condition | null;
}

/** Ordered rules: the first that matches decides, and what no rule matches is denied. */
export interface Policy {
  readonly rules: readonly Rule[];
  /** The same, by what decisions name them. */
  readonly named: ReadonlyMap<RuleName, Rule>;
  /** Those of them that can be about a repository, with the patterns that can. */
  readonly about: RuleIndex<Rule>;
  /** What the directory and the registry say; absent: there are none. */
  readonly facts?: PolicyFacts | undefined;
}

const EVERY_REPOSITORY_ACTION: readonly PolicyAction[] = ["pull", "push", "delete"];

/**
 * @param specs - rules that are known to be well formed (`policySchema`, or a constant)
 * @param at - where each of them is written, `file:line`; `null` for what is built in
 * @returns the policy, ready to decide
 * @throws GlobError or NetworkError for a rule that is not well formed
 */
export function compilePolicy(
  specs: readonly RuleSpec[],
  at: readonly (string | null)[] = [],
): Policy {
  const rules = specs.map((spec, index) => compileRule(spec, at[index] ?? null));
  const named = new Map(rules.map((rule) => [rule.name, rule]));
  return { rules, named, about: indexRules(rules) };
}

/**
 * @param spec - a rule
 * @returns globs of the repositories it is about; none for a rule about the catalog
 */
export function globTexts({ repositories = [], namespaces = [] }: RuleSpec): readonly string[] {
  return [...repositories, ...namespaces.flatMap((namespace) => [namespace, `${namespace}/**`])];
}

/**
 * @param actions - actions as a rule names them
 * @returns them with `*` spelled out
 */
export function everyAction(actions: readonly RuleAction[]): ReadonlySet<PolicyAction> {
  return new Set(actions.flatMap((one) => (one === "*" ? EVERY_REPOSITORY_ACTION : [one])));
}

function compileRule(spec: RuleSpec, at: string | null): Rule {
  const globs = globTexts(spec).map(repositoryGlob);
  return {
    name: { id: spec.id, at },
    spec,
    actions: everyAction(spec.actions),
    globs,
    conditions: [
      ...whoConditions(spec.who, spec.effect),
      ...(spec.unless === undefined ? [] : unlessCondition(spec.unless, spec.effect)),
    ],
    values: repositoryValues(globs),
  };
}
