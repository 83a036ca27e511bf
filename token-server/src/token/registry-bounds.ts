import type { Policy } from "#access-policy/compile.js";
import type { Grounds } from "#access-policy/grounds.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import {
  asksForTeams,
  isPublishedTo,
  isResponsibleFor,
  refusalByRegistry,
} from "#access-policy/registry-teams.js";
import { NOTHING, type View } from "#access-policy/view.js";
import type { Access, Action } from "#registry-protocol/scope.js";
import type { Login } from "../identity/identity-source.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import type { Grant, Refusal } from "./grant.js";

/** What a token is to say, before the registry that it is for has had its say. */
export interface Decided {
  readonly grant: Grant;
  readonly view: View | null;
}

/** Who is in which team. */
export interface TeamsKnown {
  readonly teams: TeamLookup;
  /** The rules, together with the directory. */
  readonly policy: Pick<Policy, "facts">;
}

/**
 * Takes away what the registry does not let somebody do whatever the rules say. A registry that is published to everybody
 * and not restricted, as the only one of an installation is, changes nothing, and nobody's teams are looked up for it.
 *
 * @param registry - which the token is for
 * @param known - how teams are looked up, and the directory that services are in
 * @param login - whose token it is
 * @param decided - what the rules grant
 * @returns what is left of it
 * @throws Fault UNAVAILABLE when teams are needed and cannot be known
 */
export async function withinRegistry(
  registry: PolicyRegistry,
  known: TeamsKnown,
  login: Login,
  decided: Decided,
): Promise<Decided> {
  const grantsNothing = decided.grant.access.length === 0 && decided.view === null;
  if (login.identity.kind === "unrestricted" || grantsNothing || !asksForTeams(registry))
    return decided;
  const teams = await teamsAt(known, login);
  const isSeen = isPublishedTo(registry, teams) || isResponsibleFor(registry, teams);
  const view = decided.view === null || isSeen ? decided.view : NOTHING;
  return { grant: boundGrant(registry, teams, decided.grant), view };
}

/**
 * @param known - how teams are looked up, and the directory that services are in
 * @param login - who it is
 * @returns the teams by which registries know them: a robot is its team's, and a service stands for those that its application is
 *   published to
 * @throws Fault UNAVAILABLE when they cannot be known
 */
async function teamsAt({ teams, policy }: TeamsKnown, login: Login): Promise<readonly string[]> {
  const { kind, claims } = login.identity;
  if (kind === "anonymous") return [];
  if (kind === "service")
    return policy.facts?.directory.appOfService(login.identity)?.publications ?? [];
  if (kind !== "robot") return teams.teamsOf(login);
  const { team } = claims;
  return typeof team === "string" ? [team] : [];
}

function boundGrant(registry: PolicyRegistry, teams: readonly string[], grant: Grant): Grant {
  const access: Access[] = [];
  const grounds: (readonly Grounds[])[] = [];
  const refused: Refusal[] = [...grant.refused];
  for (const [index, { type, name, actions }] of grant.access.entries()) {
    const kept: Action[] = [];
    const by: Grounds[] = [];
    for (const [place, action] of actions.entries()) {
      const reason = refusalByRegistry(registry, teams, { type, action });
      if (reason !== null) {
        refused.push({ type, name, action, reason });
        continue;
      }
      kept.push(action);
      const ground = grant.grounds?.[index]?.[place];
      if (ground !== undefined) by.push(ground);
    }
    if (kept.length === 0) continue;
    access.push({ type, name, actions: kept });
    grounds.push(by);
  }
  return { access, refused, grounds: grant.grounds === null ? null : grounds };
}
