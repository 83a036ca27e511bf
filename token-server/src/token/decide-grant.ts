import type { Policy } from "#access-policy/compile.js";
import type { Circumstances, Subject } from "#access-policy/question.js";
import type { RequestedAccess } from "#registry-protocol/scope.js";
import type { Login } from "../identity/identity-source.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import { grantAccess, type Grant } from "./grant.js";

/** What is asked, and how. */
export interface AccessRequest {
  readonly requested: readonly RequestedAccess[];
  readonly circumstances: Circumstances;
  /** Comes when the client has gone. */
  readonly gone?: AbortSignal | undefined;
}

/**
 * The team service is asked only when the answer depends on it: pulls go on while it is down.
 *
 * @param policy - the rules, the same both times even if others come into force while teams are looked up
 * @param teams - how teams are looked up
 * @param login - who asks
 * @param request - what is asked
 * @returns what is granted and refused
 * @throws Fault UNAVAILABLE when teams are needed and cannot be known
 */
export async function decideGrant(
  policy: Policy,
  teams: TeamLookup,
  login: Login,
  { requested, circumstances, gone }: AccessRequest,
): Promise<Grant> {
  const grantTo = (known: Subject["teams"]) =>
    grantAccess(policy, { identity: login.identity, teams: known }, requested, circumstances, gone);
  const first = await grantTo(null);
  if (first !== "teams-needed") return first;
  const second = await grantTo(await teams.teamsOf(login));
  if (second === "teams-needed") throw new Error("the policy asks for teams that it was given");
  return second;
}
