import type { Login } from "../identity/identity-source.js";

/** Finds the teams of an identity. */
export interface TeamLookup {
  /**
   * @returns names of the identity's teams
   * @throws Fault UNAVAILABLE when they cannot be known at the moment
   */
  teamsOf(login: Login): Promise<readonly string[]>;
}
