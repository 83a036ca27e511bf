import type { PolicyRegistry } from "./policy-registry.js";

/** Among a registry's publications: all teams, and whoever is in none. No team can be called so. */
export const EVERYBODY = "*";

/**
 * @param registry - a registry
 * @param teams - teams that somebody is in
 * @returns whether it is published to one of them, or to everybody
 */
export function isPublishedTo(
  { publications }: Pick<PolicyRegistry, "publications">,
  teams: readonly string[],
): boolean {
  return publications.includes(EVERYBODY) || teams.some((team) => publications.includes(team));
}

/**
 * @param registry - a registry
 * @param teams - teams that somebody is in
 * @returns whether one of them is responsible for it; nobody is by being everybody
 */
export function isResponsibleFor(
  { responsibles }: Pick<PolicyRegistry, "responsibles">,
  teams: readonly string[],
): boolean {
  return teams.some((team) => team !== EVERYBODY && responsibles.includes(team));
}

/**
 * What a registry demands whatever the rules say: who is in none of its teams gets nothing of it, and a restricted one
 * takes changes from its responsibles alone.
 *
 * @param registry - the registry that a token is for
 * @param teams - teams of whoever asks
 * @param asked - what they want to do, and whether to a repository or to the registry as such
 * @returns why they may not; `null`: the rules decide
 */
export function refusalByRegistry(
  registry: PolicyRegistry,
  teams: readonly string[],
  { type, action }: { readonly type: string; readonly action: string },
): string | null {
  const isResponsible = isResponsibleFor(registry, teams);
  if (!isResponsible && !isPublishedTo(registry, teams))
    return `registry ${registry.service} is not published to any of your teams`;
  const changes = type === "repository" && action !== "pull";
  if (registry.restricted && changes && !isResponsible)
    return `registry ${registry.service} is restricted, and none of your teams is responsible for it`;
  return null;
}

/**
 * @param registry - the registry that a token is for
 * @returns whether {@link refusalByRegistry} asks for teams at all: where not, nobody has to look them up
 */
export function asksForTeams({ publications, restricted }: PolicyRegistry): boolean {
  return restricted || !publications.includes(EVERYBODY);
}
