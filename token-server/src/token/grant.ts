import { setImmediate } from "node:timers/promises";
import type { Policy } from "#access-policy/compile.js";
import { decider } from "#access-policy/decide.js";
import { groundsOf, type Grounds } from "#access-policy/grounds.js";
import type { Circumstances, Subject } from "#access-policy/question.js";
import {
  nameAsAsked,
  type Access,
  type Action,
  type RequestedAccess,
} from "#registry-protocol/scope.js";

/** Access that was asked for and not granted, with the reason that the one who asked is shown. */
export interface Refusal {
  readonly type: string;
  readonly name: string;
  readonly action: Action;
  readonly reason: string;
  /** Id of the rule that denies it; absent: no rule allows it. */
  readonly rule?: string;
}

/** What came of a request for access. */
export interface Grant {
  readonly access: readonly Access[];
  readonly refused: readonly Refusal[];
  /** By what each action of each access is granted, in their order; `null`: that is not told. */
  readonly grounds: readonly (readonly Grounds[])[] | null;
}

/** After so many, others get their turn. */
const SCOPES_AT_A_TIME = 8;

/**
 * Grants what policy allows of what was asked, and nothing else.
 *
 * @param policy - the rules
 * @param subject - who asks; `teams` may be `null`
 * @param requested - what is asked for
 * @param circumstances - from where it is asked
 * @param gone - is looked at between scopes: whoever has gone is not answered
 * @returns what is granted and refused, or `"teams-needed"` when that depends on team membership
 * @throws the signal's reason when the client has gone
 */
export async function grantAccess(
  policy: Policy,
  subject: Subject,
  requested: readonly RequestedAccess[],
  circumstances: Circumstances,
  gone?: AbortSignal,
): Promise<Grant | "teams-needed"> {
  const decide = decider(policy, subject, circumstances);
  const grounded = groundsOf(policy, subject, circumstances);
  const access: Access[] = [];
  const grounds: (readonly Grounds[])[] = [];
  const refused: Refusal[] = [];
  for (const [index, asked] of requested.entries()) {
    if (index > 0 && index % SCOPES_AT_A_TIME === 0) await setImmediate();
    gone?.throwIfAborted();
    const { resource, actions } = asked;
    const { type } = resource;
    const name = nameAsAsked(asked);
    const granted: Action[] = [];
    const by: Grounds[] = [];
    for (const action of actions) {
      const decision = decide(resource, action);
      if (decision.allow === "teams-needed") return "teams-needed";
      if (!decision.allow) {
        const { reason, rule } = decision;
        refused.push({ type, name, action, reason, ...(rule === null ? {} : { rule: rule.id }) });
        continue;
      }
      granted.push(action);
      by.push(grounded(resource, action, decision.rule));
    }
    if (granted.length === 0) continue;
    access.push({ type, name, actions: granted });
    grounds.push(by);
  }
  return { access, refused, grounds };
}
