import type { Identity, Teams } from "./identity.js";

/** What somebody can be trusted with, at every registry that their teams have to do with. */
export const PRIVILEGES = ["Manager", "Pusher", "Puller"] as const;
export type Privilege = (typeof PRIVILEGES)[number];

/** Somebody who has a number of their own; a name alone can be somebody else's in another realm. */
export interface DirectoryUser {
  readonly id: number;
  readonly realm: string;
  readonly uid: string;
  readonly primaryTeam: string | null;
}

/** A team that has a number; who is in it, logins and the team service say. */
export interface DirectoryTeam {
  readonly id: number;
  readonly name: string;
}

/** An application: who may push its images, and who may pull them. */
export interface DirectoryApp {
  readonly id: number;
  readonly code: string;
  /** Teams that push. */
  readonly responsibles: readonly string[];
  /** Teams that pull. */
  readonly publications: readonly string[];
}

/** Something that runs, of one application. */
export interface DirectoryService {
  readonly name: string;
  /** Code of its application. */
  readonly app: string;
}

/** A privilege, and who has it: whoever is in a team, or one identity. */
export interface GivenPrivilege {
  readonly privilege: Privilege;
  readonly to: { readonly team: string } | { readonly realm: string; readonly uid: string };
}

/** All that is in the directory, at one moment. */
export interface DirectoryContent {
  readonly users: readonly DirectoryUser[];
  readonly teams: readonly DirectoryTeam[];
  readonly apps: readonly DirectoryApp[];
  readonly services: readonly DirectoryService[];
  readonly privileges: readonly GivenPrivilege[];
}

/** Which teams of an application are meant. */
export type AppSide = "responsibles" | "publications";

/** The directory, ready to be asked. */
export interface Directory {
  /** What it was made of. */
  readonly content: DirectoryContent;
  /** @returns what may stand for an identity in `users/…`: its id, and its name unless that looks like an id */
  userNames(identity: Identity): readonly string[];
  /** @returns what may stand for teams in `groups/…`: their names unless they look like ids, and their ids */
  teamNames(teams: readonly string[]): readonly string[];
  /** @returns applications of which one of these teams is on that side */
  appsOf(side: AppSide, teams: readonly string[]): readonly DirectoryApp[];
  /** @returns the application of a service's login; `null`: it is none, or of none */
  appOfService(identity: Identity): DirectoryApp | null;
  /** @returns what the identity is trusted with, as far as that is known without teams, where they are `null` */
  privilegesOf(identity: Identity, teams: Teams): ReadonlySet<Privilege>;
}

const NONE: ReadonlySet<Privilege> = new Set();
/** Every service's user name begins so, and no other login's uid does. */
export const SERVICE_PREFIX = "service/";

/**
 * @param name - name of somebody or something
 * @returns whether it reads as a number: then it is an id wherever an id can stand, and never a name
 */
export function isId(name: string): boolean {
  return /^[0-9]+$/.test(name);
}

/**
 * @param app - an application
 * @returns what may stand for it in `apps/…`
 */
export function namesOfApp({ id, code }: DirectoryApp): readonly string[] {
  return isId(code) ? [String(id)] : [String(id), code];
}

/**
 * @param content - what is in the directory; names and ids are unique in it
 * @returns it, ready to be asked
 */
export function directoryOf(content: DirectoryContent): Directory {
  const users = new Map(content.users.map((user) => [keyOf(user), user]));
  const teamIds = new Map(content.teams.map(({ id, name }) => [name, id]));
  const apps = new Map(content.apps.map((app) => [app.code, app]));
  const services = new Map(content.services.map(({ name, app }) => [name, app]));
  const given = givenBy(content.privileges);
  return {
    content,
    userNames: (identity) => {
      const user = identity.kind === "service" ? undefined : users.get(keyOf(identity));
      if (user === undefined) return [];
      return isId(user.uid) ? [String(user.id)] : [String(user.id), user.uid];
    },
    teamNames: (teams) =>
      teams.flatMap((team) => {
        const id = teamIds.get(team);
        return [...(isId(team) ? [] : [team]), ...(id === undefined ? [] : [String(id)])];
      }),
    appsOf: (side, teams) =>
      content.apps.filter((app) => app[side].some((team) => teams.includes(team))),
    appOfService: ({ kind, uid }) => {
      if (kind !== "service") return null;
      return apps.get(services.get(uid.slice(SERVICE_PREFIX.length)) ?? "") ?? null;
    },
    privilegesOf: (identity, teams) => {
      // Services pull what their application lets them: nothing is given to them one by one.
      if (identity.kind === "service" || identity.kind === "anonymous") return NONE;
      const keys = [keyOf(identity), ...(teams ?? []).map(keyOfTeam)];
      return new Set(keys.flatMap((key) => given.get(key) ?? []));
    },
  };
}

function givenBy(privileges: readonly GivenPrivilege[]): ReadonlyMap<string, readonly Privilege[]> {
  const given = new Map<string, Privilege[]>();
  for (const { privilege, to } of privileges) {
    const key = "team" in to ? keyOfTeam(to.team) : keyOf(to);
    given.set(key, [...(given.get(key) ?? []), privilege]);
  }
  return given;
}

function keyOf({ realm, uid }: Pick<Identity, "realm" | "uid">): string {
  return JSON.stringify([realm, uid]);
}

function keyOfTeam(team: string): string {
  return JSON.stringify([team]);
}
