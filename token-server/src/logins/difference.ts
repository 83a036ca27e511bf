import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { z } from "zod";

const fileSchema = z.looseObject({ teams: z.record(z.string(), z.array(z.string())).optional() });

/**
 * Of all else than teams it is said that it is otherwise: who looks closer has both files.
 *
 * @param before - a logins file, without those that it names
 * @param after - the one that comes into force
 * @returns who came into which team and left it, and which sections differ, a sentence each; none where one cannot be read
 */
export function differenceOfLogins(before: string, after: string): readonly string[] {
  const [was, is] = [contentIn(before), contentIn(after)];
  if (was === null || is === null) return [];
  const { teams: teamsBefore = {}, ...othersBefore } = was;
  const { teams: teamsAfter = {}, ...othersAfter } = is;
  return [
    ...namesIn(teamsBefore, teamsAfter).flatMap((team) =>
      members(team, teamsBefore[team] ?? [], teamsAfter[team] ?? []),
    ),
    ...namesIn(othersBefore, othersAfter).flatMap((name) =>
      section(name, othersBefore[name], othersAfter[name]),
    ),
  ];
}

function members(team: string, was: readonly string[], is: readonly string[]): string[] {
  const [joined, left] = [without(is, was), without(was, is)];
  return [
    ...(joined.length === 0 ? [] : [`team ${team}: ${joined.join(", ")} added`]),
    ...(left.length === 0 ? [] : [`team ${team}: ${left.join(", ")} removed`]),
  ];
}

function section(name: string, was: unknown, is: unknown): string[] {
  if (isDeepStrictEqual(was, is)) return [];
  return [`${name} ${was === undefined ? "added" : is === undefined ? "removed" : "changed"}`];
}

function without(of: readonly string[], others: readonly string[]): string[] {
  return of.filter((one) => !others.includes(one));
}

function namesIn(was: object, is: object): string[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
}

function contentIn(yaml: string) {
  try {
    return fileSchema.safeParse(parse(yaml) ?? {}).data ?? null;
  } catch {
    return null;
  }
}
