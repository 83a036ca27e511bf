import { Fault } from "#registry-protocol/faults.js";
import type { Privileges, Registrar } from "../registries/authority.js";
import type { DirectorySource } from "./directory-source.js";

/**
 * @param directory - says who has which privilege, and which team is somebody's first
 * @returns that, for whoever makes registries: administrators have the privilege Manager wherever it is not given to them
 */
export function privilegesIn(directory: DirectorySource): Privileges {
  const known = () => {
    const snapshot = directory.current();
    if (snapshot !== null) return snapshot.directory;
    throw new Fault("UNAVAILABLE", { message: "the directory has not been read yet" });
  };
  return {
    hasPrivilege: ({ isAdministrator, identity, teams }, privilege) =>
      isAdministrator || known().privilegesOf(identity, teams).has(privilege),
    primaryTeamOf: ({ identity, teams }: Registrar) => {
      const { realm, uid } = identity;
      const { users } = known().content;
      const user = users.find((one) => one.realm === realm && one.uid === uid);
      // Whoever has left the team gives it nothing any more.
      const named = teams.find((team) => team === user?.primaryTeam);
      return named ?? teams[0] ?? null;
    },
  };
}
