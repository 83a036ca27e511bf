import { z } from "zod";
import { isTeamName } from "./names.js";

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

/** @returns whether the options contradict each other */
export function isAmbiguous({ map, prefix, pattern }: TeamMappingOptions): boolean {
  return [map, prefix, pattern].filter((option) => option !== undefined).length > 1;
}

/**
 * @param options - how; none of them takes groups for teams as they are
 * @returns a function from groups to teams; what could not be the name of a team is left out
 */
export function teamMapping(
  options: TeamMappingOptions,
): (groups: readonly string[]) => readonly string[] {
  const teamsOf = mappingOf(options);
  return (groups) => [...new Set(groups.flatMap(teamsOf).filter(isTeamName))];
}

function mappingOf(options: TeamMappingOptions): (group: string) => readonly string[] {
  const { map, prefix, pattern } = options;
  if (map !== undefined) {
    const teams = new Map(Object.entries(map).map(([group, team]) => [group, [team].flat()]));
    return (group) => teams.get(group) ?? [];
  }
  if (prefix !== undefined)
    return (group) => (group.startsWith(prefix) ? [group.slice(prefix.length)] : []);
  if (pattern !== undefined) {
    const expression = new RegExp(`^(?:${pattern})$`);
    return (group) => {
      const team = expression.exec(group)?.[1];
      return team === undefined ? [] : [team];
    };
  }
  return (group) => [group];
}

function hasOneGroup(source: string): boolean {
  try {
    // The alternative that matches nothing gives the number of groups without a text to match.
    return new RegExp(`(?:${source})|`).exec("")?.length === 2;
  } catch {
    return false;
  }
}
