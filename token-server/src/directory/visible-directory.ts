import type { DirectoryContent } from "#access-policy/directory.js";
import type { Manager } from "../robots/authority.js";
import type { DirectorySnapshot, ListedService } from "./directory-snapshot.js";

/** What somebody sees of the directory. */
export interface VisibleDirectory extends Omit<
  DirectoryContent,
  "apps" | "services" | "privileges"
> {
  /** `isOwn`: the reader is responsible for it, as administrators are for all. */
  readonly apps: readonly (DirectoryContent["apps"][number] & { readonly isOwn: boolean })[];
  readonly services: readonly ListedService[];
  readonly privileges: readonly { readonly privilege: string; readonly holder: string }[];
}

/**
 * @param snapshot - the directory
 * @param reader - who looks
 * @returns all of it for administrators; for others what is about themselves and their teams
 */
export function visibleTo(
  { directory, listed }: DirectorySnapshot,
  { identity, teams, isAdministrator }: Pick<Manager, "identity" | "teams" | "isAdministrator">,
): VisibleDirectory {
  const own = `${identity.realm}/${identity.uid}`;
  const given = listed.privileges.map(({ privilege, to }) => ({
    privilege,
    holder: "team" in to ? to.team : `${to.realm}/${to.uid}`,
  }));
  const isOf = (holder: string) => holder === own || teams.includes(holder);
  const answerable = directory.appsOf("responsibles", teams);
  const apps = new Set([...answerable, ...directory.appsOf("publications", teams)]);
  const all = isAdministrator;
  return {
    users: listed.users.filter(({ realm, uid }) => all || `${realm}/${uid}` === own),
    teams: listed.teams.filter(({ name }) => all || teams.includes(name)),
    apps: listed.apps
      .filter((app) => all || apps.has(app))
      .map((app) => ({ ...app, isOwn: all || answerable.includes(app) })),
    services: listed.services
      .filter(({ app }) => all || answerable.some(({ code }) => code === app))
      .map(({ name, app, workload }) => ({ name, app, workload })),
    privileges: given.filter(({ holder }) => all || isOf(holder)),
  };
}
