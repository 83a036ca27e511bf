import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { askerOf, type Asker } from "./asker.js";
import type { Policy, Rule } from "./compile.js";
import { evaluate } from "./evaluate.js";
import type { Glob } from "./glob.js";
import { globAutomaton, type Automaton } from "./glob-automaton.js";
import type { Circumstances, Question, Subject } from "./question.js";
import type { PolicyAction } from "./rule.js";
import { findRepository, type OrderedPatterns } from "./search-names.js";
import { verbOn } from "./sentences.js";

/** Who asks, with teams: what holds everywhere cannot be told without them. */
export type KnownSubject = Subject & { readonly teams: readonly string[] };

/** Whether something is allowed in all repositories that a pattern stands for. */
export type Everywhere =
  | { readonly allow: true }
  | {
      readonly allow: false;
      /** A repository where it is not, or not from every address; `null` where that could not be told. */
      readonly example: RepositoryName | null;
      readonly reason: string;
    };

const NO_VALUES = () => new Set<string>();

/**
 * Decides for all repositories at once. Says yes only where that is proven; where the proof would take too long, the
 * answer is no, without an example.
 *
 * @param policy - the rules
 * @param subject - who would act
 * @param glob - pattern over repositories, without templates
 * @param action - what they would do
 * @param circumstances - from where; `null`: from anywhere, so that rules about addresses help nobody
 * @returns yes, or an example of a repository where it is refused
 */
export function allowsEverywhere(
  policy: Policy,
  subject: KnownSubject,
  glob: Glob,
  action: Exclude<PolicyAction, "catalog">,
  circumstances: Circumstances | null,
): Everywhere {
  if (subject.identity.kind === "unrestricted") return { allow: true };
  const asker = askerOf(subject, circumstances ?? { address: null }, policy.facts);
  const sample = asker.question({ type: "repository", name: parseRepositoryName("x") }, action);
  const rules = policy.rules
    .filter((rule) => isAbout(rule, sample))
    .flatMap((rule) => patternsOf(rule, glob, sample));
  const found = findRepository(globAutomaton(glob, NO_VALUES), {
    rules: [...asker.bounds.closed.map(closing), ...rules],
    limits: asker.bounds.denialOfKind(sample) === null ? limitsOf(asker, action) : [],
  });
  if (found === "none") return { allow: true };
  if (found === "unknown")
    return {
      allow: false,
      example: null,
      reason: `it cannot be told for every repository in ${glob.text}: use a pattern with fewer wildcards`,
    };
  return refusal(policy, asker, parseRepositoryName(found.name), action);
}

/** From anywhere is from an address that is not known, which by no rule helps the caller (`conditions.ts`). */
function isAbout({ actions, conditions }: Rule, sample: Question): boolean {
  return (
    actions.has(sample.action) && conditions.every((condition) => condition.holds(sample) === true)
  );
}

function patternsOf({ spec, globs }: Rule, glob: Glob, sample: Question): OrderedPatterns[] {
  return globs
    .filter(({ prefix }) => prefix.startsWith(glob.prefix) || glob.prefix.startsWith(prefix))
    .map((pattern) => ({ effect: spec.effect, automaton: filled(pattern, sample) }))
    .filter(({ automaton }) => automaton.start.length > 0);
}

function closing(glob: Glob): OrderedPatterns {
  return { effect: "deny", automaton: globAutomaton(glob, NO_VALUES) };
}

function filled(pattern: Glob, { values }: Question): Automaton {
  return globAutomaton(pattern, values);
}

/** `null`: there are none; an empty list lets nothing pass. */
function limitsOf({ bounds }: Asker, action: PolicyAction): readonly Automaton[] | null {
  if (bounds.limits === null) return null;
  return bounds.limits.flatMap(({ glob, actions }) =>
    glob === null || !actions.includes(action) ? [] : [globAutomaton(glob, NO_VALUES)],
  );
}

function refusal(
  policy: Policy,
  asker: Asker,
  example: RepositoryName,
  action: PolicyAction,
): Everywhere {
  const resource = { type: "repository", name: example } as const;
  const decision = evaluate(policy, asker, asker.question(resource, action));
  const reason =
    decision.allow === false
      ? decision.reason
      : `whether they may ${verbOn(action, example)} depends on the network address`;
  return { allow: false, example, reason };
}
