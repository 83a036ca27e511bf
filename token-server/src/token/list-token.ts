import { parseScopes } from "#registry-protocol/scope.js";
import type { Login } from "../identity/identity-source.js";
import { decideGrant } from "./decide-grant.js";
import { decideView } from "./decide-view.js";
import type { IssueDeps } from "./issue.js";
import { withinRegistry } from "./registry-bounds.js";
import { signGrant } from "./sign-grant.js";
import type { Registry } from "../registries/registry.js";

/** What it takes to ask a registry for its lists in somebody's name. */
export type ListTokenDeps = Pick<IssueDeps, "policy" | "teams" | "signing" | "views">;

/** Longer than any answer is waited for, clocks that differ included. */
const LIFETIME_SECONDS = 60;

/**
 * @param deps - policy, teams, keys
 * @param login - in whose name a registry is asked
 * @param asked - which registry, and from where they ask
 * @returns a token that shows its bearer the lists of that registry as they would see them themselves, and nothing else
 * @throws Fault UNAVAILABLE when teams cannot be known or the view cannot be kept
 */
export async function listToken(
  deps: ListTokenDeps,
  login: Login,
  { registry, address }: { readonly registry: Registry; readonly address: string },
): Promise<string> {
  const policy = deps.policy.current(registry.service);
  const requested = parseScopes(["registry:catalog:*"]);
  const asked = { requested, circumstances: { address } };
  const grant = await decideGrant(policy, deps.teams, login, asked);
  const view = await decideView(policy, deps.teams, login, { ...asked, forLists: true });
  const decided = await withinRegistry(registry, { teams: deps.teams, policy }, login, {
    grant,
    view,
  });
  const signing = { ...deps.signing, lifetimeSeconds: LIFETIME_SECONDS };
  const { sha256 } = deps.policy.version();
  const told = { service: registry.service, login, policy: sha256, ...decided };
  const { answer, leftOut } = signGrant(signing, told);
  if (leftOut !== null) await deps.views.keep(leftOut);
  return answer.token;
}
