import { z } from "zod";
import { isTeamName } from "#registry-protocol/repository-name.js";

/** A team of ours: what images are pushed under. */
export const teamNameSchema = z
  .string()
  .refine(isTeamName, "wanted a team: lower-case letters, digits, single . _ - between them");

/** How names of somebody else's groups become our teams; at most one of them is given. */
export const teamMappingShape = {
  /** Group to team or teams; others count for nothing. */
  map: z.record(z.string(), z.union([teamNameSchema, z.array(teamNameSchema)])).optional(),
  /** Groups that begin so, without it. */
  prefix: z.string().min(1).optional(),
  /** Groups that match as a whole; the team is what the one pair of parentheses caught. */
  pattern: z.string().refine(hasOneGroup, "wanted a regular expression with one ( )").optional(),
};

/** What {@link teamMappingShape} was given. */
export type TeamMappingOptions = z.output<z.ZodObject<typeof teamMappingShape>>;

/** What came of somebody's groups. */
export interface MappedTeams {
  readonly teams: readonly string[];
  /** Groups, as they came, that no team came of. */
  readonly unmapped: readonly string[];
}

/** @returns whether the options contradict each other */
export function isAmbiguous({ map, prefix, pattern }: TeamMappingOptions): boolean {
  return [map, prefix, pattern].filter((option) => option !== undefined).length > 1;
}

/**
 * @param options - how; none of them takes groups for teams as they are
 * @param comparison - `exact`, or `caseless` for names of a directory, which takes two that differ in case, width or
 *   the number of spaces for one (RFC 4518): teams are in small letters then
 * @returns a function from groups to teams; what could not be the name of a team is none
 */
export function teamMapping(
  options: TeamMappingOptions,
  comparison: "exact" | "caseless" = "exact",
): (groups: readonly string[]) => MappedTeams {
  const fold = comparison === "exact" ? (name: string) => name : foldGroup;
  const mapped = mappingOf(options, fold);
  const teamsOf = (group: string) => mapped(fold(group)).filter(isTeamName);
  return (groups) => ({
    teams: [...new Set(groups.flatMap(teamsOf))],
    unmapped: groups.filter((group) => teamsOf(group).length === 0),
  });
}

type Fold = (name: string) => string;

function mappingOf(
  { map, prefix, pattern }: TeamMappingOptions,
  fold: Fold,
): (group: string) => readonly string[] {
  if (map !== undefined) return listed(map, fold);
  if (prefix !== undefined) {
    // A space at its end is none at a name's end, which would not count.
    const begin = fold(`${prefix}x`).slice(0, -1);
    return (group) => (group.startsWith(begin) ? [group.slice(begin.length)] : []);
  }
  if (pattern !== undefined) {
    const expression = new RegExp(`^(?:${pattern})$`, fold("A") === "A" ? "" : "i");
    return (group) => {
      const team = expression.exec(group)?.[1];
      return team === undefined ? [] : [team];
    };
  }
  return (group) => [group];
}

/** Lines whose groups are one to the comparison count together. */
function listed(
  map: NonNullable<TeamMappingOptions["map"]>,
  fold: Fold,
): (group: string) => readonly string[] {
  const teams = new Map<string, readonly string[]>();
  for (const [group, team] of Object.entries(map))
    teams.set(fold(group), [...(teams.get(fold(group)) ?? []), ...[team].flat()]);
  return (group) => teams.get(group) ?? [];
}

/** RFC 4518: what does not count when a directory compares names that differ in case alone. */
function foldGroup(name: string): string {
  return name.normalize("NFKC").trim().replace(/\s+/g, " ").toLowerCase();
}

function hasOneGroup(source: string): boolean {
  try {
    // The alternative that matches nothing gives the number of groups without a text to match.
    return new RegExp(`(?:${source})|`).exec("")?.length === 2;
  } catch {
    return false;
  }
}
