import type { Resource } from "#registry-protocol/scope.js";
import { boundsOf, type Bounds } from "./bounds.js";
import type { Standings } from "./match.js";
import type { PolicyFacts } from "./policy-facts.js";
import { askedOf, type Circumstances, type Question, type Subject } from "./question.js";
import type { PolicyAction } from "./rule.js";

/** Who asks, and from where: what depends on that alone is found out once for all their questions. */
export interface Asker {
  readonly bounds: Bounds;
  readonly standings: Standings;
  /** @returns the question whether they may do that */
  question(resource: Resource, action: PolicyAction): Question;
}

/**
 * @param subject - who asks
 * @param circumstances - from where
 * @param facts - what the directory and the registry say
 * @returns them, ready to ask any number of questions
 */
export function askerOf(
  subject: Subject,
  circumstances: Circumstances,
  facts: PolicyFacts | undefined,
): Asker {
  const questionOf = askedOf(subject, circumstances, facts);
  return {
    bounds: boundsOf(subject.identity),
    standings: new Map(),
    question: questionOf,
  };
}
