import type { Policy } from "#access-policy/compile.js";
import { explain, type Explanation } from "#access-policy/explain.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import type { Circumstances } from "#access-policy/question.js";
import type { Action, Resource } from "#registry-protocol/scope.js";
import type { Login } from "../identity/identity-source.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import { decideGrant } from "./decide-grant.js";
import { withinRegistry } from "./registry-bounds.js";

/** What a token would say of one action, and why. */
export interface ExplainedAccess {
  readonly allow: boolean;
  readonly reason: string;
  /** How the policy comes to it: for those who may read it. */
  readonly explanation: Explanation;
}

/** One action on one resource. */
export interface AskedAccess {
  /** At which registry. */
  readonly registry: PolicyRegistry;
  readonly resource: Resource;
  readonly action: Action;
  readonly circumstances: Circumstances;
}

/**
 * Tells what the token endpoint would grant, by granting it.
 *
 * @param policy - the rules
 * @param teams - how teams are looked up
 * @param login - who would ask
 * @param asked - for what
 * @returns what a token would say, with the way to it
 * @throws Fault UNAVAILABLE when teams cannot be known
 */
export async function explainAccess(
  policy: Policy,
  teams: TeamLookup,
  login: Login,
  { registry, resource, action, circumstances }: AskedAccess,
): Promise<ExplainedAccess> {
  const requested = [{ resource, actions: [action] }];
  const grant = await decideGrant(policy, teams, login, { requested, circumstances });
  const bound = await withinRegistry(registry, { teams, policy }, login, { grant, view: null });
  const { access, refused } = bound.grant;
  const { identity } = login;
  const first = explain(policy, { identity, teams: null }, resource, action, circumstances);
  const explanation =
    first.decision.allow === "teams-needed"
      ? explain(
          policy,
          { identity, teams: await teams.teamsOf(login) },
          resource,
          action,
          circumstances,
        )
      : first;
  const { decision } = explanation;
  const said = decision.allow === "teams-needed" ? "" : decision.reason;
  return { allow: access.length > 0, reason: refused[0]?.reason ?? said, explanation };
}
