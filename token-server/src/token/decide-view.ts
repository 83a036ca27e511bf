import type { Policy } from "#access-policy/compile.js";
import { viewOf, type View } from "#access-policy/view.js";
import type { Login } from "../identity/identity-source.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import type { AccessRequest } from "./decide-grant.js";
import type { TokenRequest } from "./request.js";

/** What is asked, as far as a view goes by it. */
export type ViewRequest = Pick<AccessRequest, "requested" | "circumstances"> &
  Pick<TokenRequest, "forLists">;

/**
 * Who asks for the catalog gets all that they may pull with their token, so that lists need not ask for name after name.
 * Who asks for nothing gets it where that takes no teams: a login is not to fail for want of them.
 *
 * @param policy - the rules
 * @param teams - how teams are looked up
 * @param login - who asks
 * @param request - what is asked
 * @returns the view; `null` where the token is for something else
 * @throws Fault UNAVAILABLE when teams are needed and cannot be known
 */
export async function decideView(
  policy: Policy,
  teams: TeamLookup,
  login: Login,
  { requested, forLists, circumstances }: ViewRequest,
): Promise<View | null> {
  const { identity } = login;
  if (!forLists && requested.length > 0) return null;
  const first = viewOf(policy, { identity, teams: null }, circumstances);
  if (first !== "teams-needed") return first;
  if (!forLists) return null;
  const known = await teams.teamsOf(login);
  const second = viewOf(policy, { identity, teams: known }, circumstances);
  if (second === "teams-needed") throw new Error("the policy asks for teams that it was given");
  return second;
}
