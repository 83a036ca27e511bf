import type { Identity } from "#access-policy/identity.js";
import type { Login } from "../identity/identity-source.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import type { Grant } from "./grant.js";

/** What the REST API lets administrators alone do, as the object that a token names. */
const ADMINISTRATION = { type: "registry", name: "administration" } as const;

/**
 * @param identity - who it is
 * @param teams - the teams they are in
 * @param adminTeams - those whose members administer the installation (`ADMIN_TEAMS`)
 * @returns whether they do
 */
export function isAdministrator(
  identity: Pick<Identity, "kind">,
  teams: readonly string[],
  adminTeams: readonly string[],
): boolean {
  return identity.kind === "unrestricted" || teams.some((team) => adminTeams.includes(team));
}

/**
 * No policy grants it: the setting alone says who administers.
 *
 * @param deps - how teams are looked up, and which of them administer
 * @param login - who asks
 * @param grant - what they get besides
 * @returns that, and administration, granted or refused
 * @throws Fault UNAVAILABLE when teams cannot be known
 */
export async function withAdministration(
  { teams, adminTeams }: { readonly teams: TeamLookup; readonly adminTeams: readonly string[] },
  login: Login,
  grant: Grant,
): Promise<Grant> {
  const { identity } = login;
  const hasTeams = identity.kind !== "anonymous" && identity.kind !== "unrestricted";
  const known = hasTeams && adminTeams.length > 0 ? await teams.teamsOf(login) : [];
  if (isAdministrator(identity, known, adminTeams)) {
    const team = known.find((one) => adminTeams.includes(one));
    const by = { rule: "ADMIN_TEAMS", ...(team === undefined ? {} : { team }) };
    const access = [...grant.access, { ...ADMINISTRATION, actions: ["*"] } as const];
    return { ...grant, access, grounds: grant.grounds && [...grant.grounds, [by]] };
  }
  const reason = "only administrators (ADMIN_TEAMS) may";
  return { ...grant, refused: [...grant.refused, { ...ADMINISTRATION, action: "*", reason }] };
}
