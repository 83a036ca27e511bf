import type { Action, Resource } from "#registry-protocol/scope.js";
import type { Policy } from "./compile.js";
import { askerOf } from "./asker.js";
import { evaluate, type Decision } from "./evaluate.js";
import type { Circumstances, Subject } from "./question.js";
import type { PolicyAction } from "./rule.js";

/** A decision, and which part of the action decided it. */
export interface Settled {
  readonly action: PolicyAction;
  readonly decision: Decision;
}

/** `*` is asked for as its parts, the least often granted first. */
const PARTS: readonly PolicyAction[] = ["delete", "push", "pull"];

/**
 * Decides by a policy, without I/O.
 *
 * @param policy - the rules
 * @param subject - who asks; `teams` may be `null` as long as the answer does not depend on them
 * @param resource - what is to be acted on
 * @param action - what is to be done; `*` is all of pull, push and delete, or nothing
 * @param circumstances - from where it is asked
 * @returns the decision with a reason that can be shown to the one who asked
 */
export function decide(
  policy: Policy,
  subject: Subject,
  resource: Resource,
  action: Action,
  circumstances: Circumstances,
): Decision {
  return decider(policy, subject, circumstances)(resource, action);
}

/**
 * For several questions of one caller: what depends on the caller alone is found out once.
 *
 * @param policy - the rules
 * @param subject - who asks
 * @param circumstances - from where it is asked
 * @returns a function that decides as {@link decide} does
 */
export function decider(
  policy: Policy,
  subject: Subject,
  circumstances: Circumstances,
): (resource: Resource, action: Action) => Decision {
  const asker = askerOf(subject, circumstances, policy.facts);
  return (resource, action) => {
    const settleOne = (part: PolicyAction): Settled => ({
      action: part,
      decision: evaluate(policy, asker, asker.question(resource, part)),
    });
    return settle(partsOf(resource, action).map(settleOne)).decision;
  };
}

/**
 * @param resource - what is to be acted on
 * @param action - what is to be done
 * @returns the actions that all have to be allowed for it
 */
export function partsOf(resource: Resource, action: Action): readonly PolicyAction[] {
  if (resource.type === "registry") return ["catalog"];
  return action === "*" ? PARTS : [action];
}

/**
 * @param parts - decisions on everything that has to be allowed
 * @returns the one that decides: a denial before an open question before a permission
 */
export function settle<T extends Settled>(parts: readonly T[]): T {
  const deciding =
    parts.find(({ decision }) => decision.allow === false) ??
    parts.find(({ decision }) => decision.allow === "teams-needed") ??
    parts[0];
  if (deciding === undefined) throw new TypeError("nothing was asked");
  return deciding;
}
