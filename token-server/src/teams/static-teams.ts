import type { Identity } from "#access-policy/identity.js";
import { ConfigError } from "#service-kit/config.js";
import { parseMember } from "./member.js";
import type { TeamLookup } from "./team-lookup.js";

/** Teams with their members: `/realm/uid`, or a uid alone where there is one realm alone. */
export type StaticTeams = Readonly<Record<string, readonly string[]>>;

/**
 * @param teams - as the logins file has them
 * @param onlyRealm - the realm of everybody who can log in by a name of their own; `null` when there are several, or
 *   a service that says realms itself
 * @returns a lookup in them
 * @throws ConfigError for a member that is a uid alone where several realms could have it: somebody whom another
 *   issuer calls so would be in the team
 */
export function staticTeams(teams: StaticTeams, onlyRealm: string | null): TeamLookup {
  const teamsOfMember = new Map<string, string[]>();
  const faults: string[] = [];
  for (const [team, members] of Object.entries(teams))
    for (const text of members) {
      const member = parseMember(text);
      const realm = member?.realm ?? onlyRealm;
      if (member === null || realm === null) {
        faults.push(
          `teams.${team}: ${JSON.stringify(text)} could be somebody of any realm: wanted /realm/uid, such as /employees/alice`,
        );
        continue;
      }
      const key = keyOf({ realm, uid: member.uid });
      teamsOfMember.set(key, [...(teamsOfMember.get(key) ?? []), team]);
    }
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    teamsOf: ({ identity }) => Promise.resolve(teamsOfMember.get(keyOf(identity)) ?? []),
  };
}

function keyOf({ realm, uid }: Pick<Identity, "realm" | "uid">): string {
  return JSON.stringify([realm, uid]);
}
