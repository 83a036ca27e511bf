import type { Privileges } from "../registries/authority.js";
import { hasPrivilege, readSnapshot, type DirectorySource } from "./directory-source.js";

/**
 * @param directory - says who has which privilege, and which team is somebody's first
 * @returns that, for whoever makes registries: administrators have the privilege Manager wherever it is not given to them
 */
export function privilegesIn(directory: DirectorySource): Privileges {
  return {
    hasPrivilege: (caller, privilege) =>
      caller.isAdministrator || hasPrivilege(directory, caller, privilege),
    primaryTeamOf: ({ identity, teams }) => {
      const { users } = readSnapshot(directory).listed;
      const user = users.find(({ realm, uid }) => realm === identity.realm && uid === identity.uid);
      // Whoever has left the team gives it nothing any more.
      const named = teams.find((team) => team === user?.primaryTeam);
      return named ?? teams[0] ?? null;
    },
  };
}
