import type { View } from "#access-policy/view.js";
import type { Catalog } from "./catalog.js";
import { notKnown } from "./not-known.js";
import { readBytes, readNamesOfTeam, readTeams, type TeamRow } from "./sql/teams.js";

export type { TeamRow } from "./sql/teams.js";

/**
 * @param catalog - what is counted
 * @param view - what the caller may pull: nothing else counts
 * @returns teams with tags that the caller may know of, by name
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function teamsInView(catalog: Catalog, view: View): Promise<readonly TeamRow[]> {
  return readTeams(catalog.db, await catalog.shown(view), null);
}

/**
 * @param catalog - what is counted
 * @param view - what the caller may pull: nothing else counts
 * @param team - a team
 * @returns what it has
 * @throws Fault NOT_FOUND when it has nothing that the caller may know of
 */
export async function teamInView(catalog: Catalog, view: View, team: string): Promise<TeamRow> {
  const [found] = await readTeams(catalog.db, await catalog.shown(view), team);
  if (found === undefined) throw notKnown("team");
  return found;
}

/**
 * @param catalog - what lists are read from
 * @param view - what the caller may pull
 * @param team - a team
 * @returns its artifacts that have tags, and that the caller may know of
 */
export async function artifactsOf(
  catalog: Catalog,
  view: View,
  team: string,
): Promise<readonly string[]> {
  const names = await readNamesOfTeam(catalog.db, await catalog.shown(view), team);
  return names.map((name) => name.slice(team.length + 1));
}

/**
 * @param catalog - what is counted
 * @param view - what the caller may pull
 * @returns bytes of all images that the caller may pull
 */
export async function bytesInView(catalog: Catalog, view: View): Promise<number> {
  return readBytes(catalog.db, await catalog.shown(view));
}
