import type { Action, Resource } from "#registry-protocol/scope.js";
import type { Policy } from "./compile.js";
import { partsOf } from "./decide.js";
import { askedOf, type Circumstances, type Subject } from "./question.js";
import { heldScope, heldTeam } from "./reason.js";
import type { RuleName } from "./rule.js";

/** By what somebody may do something. */
export interface Grounds {
  /** Id of the rule that allows it; ids with a dot are of no policy. */
  readonly rule: string;
  /** The team of theirs that the rule goes by; absent: it goes by none. */
  readonly team?: string;
  /** The OAuth scope of theirs that the rule goes by; absent: it goes by none. */
  readonly scope?: string;
}

/** Tells by what something is allowed that is. */
export type FindGrounds = (
  resource: Resource,
  action: Action,
  allowedBy: RuleName | null,
) => Grounds;

/**
 * @param policy - the rules that have decided
 * @param subject - whom they have allowed something, with the teams that they were asked with
 * @param circumstances - from where
 * @returns a function that tells by what: for the record, so that nobody has to ask the policy of then
 */
export function groundsOf(
  policy: Policy,
  subject: Subject,
  circumstances: Circumstances,
): FindGrounds {
  const question = askedOf(subject, circumstances, policy.facts);
  return (resource, action, allowedBy) => {
    const rule = allowedBy === null ? undefined : policy.named.get(allowedBy);
    if (rule === undefined) return { rule: allowedBy?.id ?? "" };
    const [part] = partsOf(resource, action);
    if (part === undefined) throw new TypeError("nothing was asked");
    const team = heldTeam(rule, question(resource, part));
    const scope = heldScope(rule.spec.who, subject.identity.scopes);
    return {
      rule: rule.spec.id,
      ...(team === "" ? {} : { team }),
      ...(scope === "" ? {} : { scope }),
    };
  };
}
