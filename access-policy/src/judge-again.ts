import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { askerOf } from "./asker.js";
import type { Policy } from "./compile.js";
import { decide } from "./decide.js";
import type { Decision } from "./evaluate.js";
import {
  askerWith,
  factInWords,
  factsAsked,
  withFactsForClaims,
  type Fact,
  type NamedAsker,
} from "./possible-askers.js";
import type { RuleName } from "./rule.js";

/** A decision as it is on record: scopes, teams and claims of whoever asked are not. */
export interface DecisionOnRecord {
  readonly asker: NamedAsker;
  readonly address: string | null;
  readonly action: "pull" | "push" | "delete";
  readonly repository: RepositoryName;
  /** Whether it was the rules in force that granted it; if that is not known, they may have been others. */
  readonly isGrantOfThese: boolean;
}

/** What another policy would make of it. */
export type JudgedAgain =
  | { readonly outcome: "same" }
  | {
      readonly outcome: "changes";
      readonly allow: boolean;
      /** The rules that say so, and those that said otherwise; none: no rule matches. More than one where it depends. */
      readonly by: readonly RuleName[];
      readonly before: readonly RuleName[];
    }
  /** It depends on what is on no record. */
  | { readonly outcome: "unknown"; readonly dependsOn: readonly string[] };

/** With more, the ways in which they can hold are too many to go through. */
const MOST_FACTS = 6;

type Settled = Exclude<Decision, { allow: "teams-needed" }>;

/**
 * Holds decisions against another policy, by what decides of requests. What is not on record is never guessed: each way that it
 * can have been is gone through, and only what is the same in all of them is said.
 *
 * @param inForce - the rules that count now
 * @param candidate - others
 * @returns judges one decision
 */
export function judgingAgain(
  inForce: Policy,
  candidate: Policy,
): (decision: DecisionOnRecord) => JudgedAgain {
  const [now, then] = [withFactsForClaims(inForce), withFactsForClaims(candidate)];
  return (decision) => {
    const { asker, isGrantOfThese } = decision;
    const facts = factsOf(decision, [now, then]);
    if (facts.length > MOST_FACTS) return unknown(facts);
    const ways = waysOf(facts).map((held) => {
      const subject = askerWith(asker, held);
      return { before: settled(now, decision, subject), after: settled(then, decision, subject) };
    });
    const granted = isGrantOfThese ? ways.filter(({ before }) => before.allow) : [];
    // Where these rules cannot have granted it, others did: then nothing is learned from it.
    const possible = granted.length > 0 ? granted : ways;
    const changing = possible.filter(({ before, after }) => before.allow !== after.allow);
    if (changing.length === 0) return { outcome: "same" };
    const allows = new Set(changing.map(({ after }) => after.allow));
    if (changing.length < possible.length || allows.size > 1) return unknown(facts);
    return {
      outcome: "changes",
      allow: allows.has(true),
      by: rulesOf(changing.map(({ after }) => after)),
      before: rulesOf(changing.map(({ before }) => before)),
    };
  };
}

function factsOf(
  { asker, address, action, repository }: DecisionOnRecord,
  policies: readonly Policy[],
): readonly Fact[] {
  // To whom rules do not apply, and who has neither teams nor scopes nor claims.
  if (asker.kind === "unrestricted" || asker.kind === "anonymous") return [];
  const resource = { type: "repository", name: repository } as const;
  const name = { text: repository, components: repository.split("/"), fitting: new Map() };
  const facts = policies.flatMap((policy) => {
    const asking = askerOf(askerWith(asker, []), { address }, policy.facts);
    return factsAsked(policy, asking.question(resource, action), name);
  });
  return [...new Map(facts.map((fact) => [JSON.stringify(fact), fact])).values()];
}

/** Every way in which some of them hold and the others do not. */
function waysOf(facts: readonly Fact[]): readonly (readonly Fact[])[] {
  return Array.from({ length: 2 ** facts.length }, (_, way) =>
    facts.filter((_fact, index) => (way & (1 << index)) !== 0),
  );
}

function settled(
  policy: Policy,
  { action, address, repository }: DecisionOnRecord,
  subject: ReturnType<typeof askerWith>,
): Settled {
  const resource = { type: "repository", name: parseRepositoryName(repository) } as const;
  const decision = decide(policy, subject, resource, action, { address });
  if (decision.allow === "teams-needed")
    throw new Error("the policy asks for teams that it was given");
  return decision;
}

function rulesOf(decisions: readonly Settled[]): readonly RuleName[] {
  const rules = decisions.flatMap(({ rule }) => rule ?? []);
  return [...new Map(rules.map((rule) => [rule.id, rule])).values()];
}

function unknown(facts: readonly Fact[]): JudgedAgain {
  return { outcome: "unknown", dependsOn: facts.map(factInWords) };
}
