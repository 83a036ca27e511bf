import { splitRepositoryName, parseRepositoryName } from "#registry-protocol/repository-name.js";
import { readView } from "#access-policy/read-view.js";
import type { View } from "#access-policy/view.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { isVisible, repositoriesInView } from "../ledger/repositories-in-view.js";
import { countTags, firstOfTeams, sizeOfImages, withTags } from "./sql/images.js";

const AT_ONCE = 5_000;

/** How much a team has. */
export interface TeamStats {
  readonly artifacts: number;
  readonly tags: number;
}

/**
 * @param db - pool
 * @param view - what the caller may pull
 * @returns teams with a tag that the caller may know of
 */
export async function teamsInView(db: Queryable, view: View): Promise<readonly string[]> {
  const { has, prefixes } = readView(view);
  // A bounded view is gone through by itself; of all teams each has to be looked at once, whatever it holds.
  if (!prefixes.includes("")) return teamsAmong(db, view, "");
  const teams: string[] = [];
  for (const { repository, hasTags } of await firstOfTeams(db)) {
    const [team = ""] = repository.split("/", 1);
    const isSeen = hasTags && isVisible(has, repository);
    teams.push(...(isSeen ? [team] : await teamsAmong(db, view, `${team}/`)));
  }
  return teams;
}

async function teamsAmong(db: Queryable, view: View, within: string): Promise<string[]> {
  const teams = new Set<string>();
  for await (const names of namesIn(db, view, within))
    for (const name of await withTags(db, names))
      if (name.includes("/")) teams.add(name.slice(0, name.indexOf("/")));
  return [...teams];
}

/**
 * @param db - pool
 * @param view - what the caller may pull
 * @param team - a team
 * @returns its artifacts that have tags, and that the caller may know of
 */
export async function artifactsOf(
  db: Queryable,
  view: View,
  team: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const names of namesIn(db, view, `${team}/`))
    found.push(...(await withTags(db, names)));
  return found.map((name) => splitRepositoryName(parseRepositoryName(name)).artifact);
}

/**
 * @param db - pool
 * @param view - what the caller may pull
 * @param only - a team; absent: all of them
 * @returns artifacts and tags by team, of those that the caller may know of; teams without any tag are none
 */
export async function statsByTeam(
  db: Queryable,
  view: View,
  only?: string,
): Promise<ReadonlyMap<string, TeamStats>> {
  const stats = new Map<string, { artifacts: number; tags: number }>();
  for await (const names of namesIn(db, view, only === undefined ? "" : `${only}/`))
    for (const { repository, tags } of await countTags(db, names)) {
      const [team = "", artifact] = repository.split("/", 2);
      if (artifact === undefined) continue;
      const known = stats.get(team) ?? { artifacts: 0, tags: 0 };
      known.artifacts += 1;
      known.tags += tags;
      stats.set(team, known);
    }
  return stats;
}

/**
 * @param db - pool
 * @param view - what the caller may pull
 * @returns bytes of all images that the caller may pull
 */
export async function bytesInView(db: Queryable, view: View): Promise<number> {
  let bytes = 0;
  for await (const names of namesIn(db, view, "")) bytes += await sizeOfImages(db, names);
  return bytes;
}

async function* namesIn(db: Queryable, view: View, within: string): AsyncGenerator<string[]> {
  let after = "";
  for (;;) {
    const { names } = await repositoriesInView(db, view, { after, limit: AT_ONCE, within });
    yield [...names];
    const last = names.at(-1);
    if (last === undefined || names.length < AT_ONCE) return;
    after = last;
  }
}
