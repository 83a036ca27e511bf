import type { TeamLookup } from "./team-lookup.js";

/**
 * @param lookups - asked in order for every identity
 * @returns a lookup of all teams that the login itself says and that the others know. One that
 *   cannot tell makes the whole unknown: a part of the truth would refuse what is allowed.
 */
export function combinedTeams(lookups: readonly TeamLookup[]): TeamLookup {
  return {
    teamsOf: async (login) => {
      const found = await Promise.all(lookups.map((lookup) => lookup.teamsOf(login)));
      return [...new Set([...(login.teams ?? []), ...found.flat()])];
    },
  };
}
