import type { Identity } from "#access-policy/identity.js";
import type { TeamLookup } from "./team-lookup.js";

/** Teams with their members: `/realm/uid`, or a uid for whoever has it in any realm. */
export type StaticTeams = Readonly<Record<string, readonly string[]>>;

/**
 * @param teams - as the logins file has them
 * @returns a lookup in them
 */
export function staticTeams(teams: StaticTeams): TeamLookup {
  const teamsOfMember = new Map<string, string[]>();
  for (const [team, members] of Object.entries(teams))
    for (const member of members)
      teamsOfMember.set(member, [...(teamsOfMember.get(member) ?? []), team]);
  return {
    teamsOf: ({ identity }) =>
      Promise.resolve(namesOf(identity).flatMap((name) => teamsOfMember.get(name) ?? [])),
  };
}

/** A uid that itself looks like `/realm/uid` counts with its realm alone. */
function namesOf({ realm, uid }: Identity): string[] {
  if (uid === "") return [];
  return uid.startsWith("/") ? [`${realm}/${uid}`] : [`${realm}/${uid}`, uid];
}
