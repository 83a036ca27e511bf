import { directoryOf, type DirectoryContent, type Privilege } from "#access-policy/directory.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import type { Subject } from "#access-policy/question.js";
import { ANONYMOUS, oauthIdentity } from "#tests/support/identities.js";

/** Who asks in the tests of OpenSVC's rules: their id, their teams, and the privileges that they have themselves. */
const USERS: Readonly<Record<string, readonly [number, readonly string[], readonly Privilege[]]>> =
  {
    alice: [7, ["alpha"], ["Pusher", "Puller"]],
    bob: [8, ["beta"], ["Pusher", "Puller"]],
    carol: [9, ["alpha"], []],
    dora: [10, ["alpha"], ["Puller"]],
    erik: [11, ["alpha"], ["Pusher"]],
    mona: [12, ["alpha"], ["Manager"]],
    max: [13, ["ops"], ["Manager", "Pusher", "Puller"]],
    olga: [14, ["ops"], ["Pusher", "Puller"]],
    nina: [15, ["gamma"], ["Manager", "Pusher", "Puller"]],
    "8": [16, ["alpha", "22"], ["Pusher", "Puller"]],
    "test2@opensvc.com": [17, ["alpha"], ["Pusher", "Puller"]],
  };

const CONTENT: DirectoryContent = {
  users: Object.entries(USERS).map(([uid, [id]]) => ({
    ...{ id, uid, realm: "/employees", primaryTeam: null },
  })),
  teams: [
    { id: 21, name: "alpha" },
    { id: 22, name: "beta" },
    { id: 23, name: "ops" },
    { id: 24, name: "gamma" },
  ],
  apps: [
    { id: 31, code: "shop", responsibles: ["alpha"], publications: ["alpha", "beta"] },
    { id: 32, code: "lab", responsibles: ["beta"], publications: ["beta"] },
    { id: 33, code: "Erp/../**", responsibles: ["alpha"], publications: ["alpha"] },
    { id: 34, code: "vault", responsibles: ["gamma"], publications: ["gamma"] },
    { id: 35, code: "31", responsibles: ["beta"], publications: ["beta"] },
    { id: 36, code: "draft", responsibles: ["alpha"], publications: [] },
  ],
  services: [
    { name: "web", app: "shop" },
    { name: "erp", app: "Erp/../**" },
    { name: "safe", app: "vault" },
    { name: "lost", app: "gone" },
  ],
  privileges: [
    ...Object.entries(USERS).flatMap(([uid, [, , held]]) =>
      held.map((privilege) => ({ privilege, to: { realm: "/employees", uid } })),
    ),
    { privilege: "Pusher", to: { team: "builders" } },
    { privilege: "Puller", to: { team: "builders" } },
  ],
};

export const DIRECTORY = directoryOf(CONTENT);

/** Registries by what the rules ask of them. */
export const REGISTRIES: Readonly<Record<string, PolicyRegistry>> = {
  open: registry("open", false, ["alpha", "beta", "ops"], ["ops"]),
  strict: registry("strict", true, ["alpha", "beta", "ops"], ["ops", "alpha"]),
  opsonly: registry("opsonly", true, ["ops"], ["ops"]),
  half: registry("half", false, ["beta"], ["alpha"]),
  halfstrict: registry("halfstrict", true, ["beta"], ["alpha"]),
  nobodys: registry("nobodys", false, [], []),
  everybodys: registry("everybodys", false, ["*"], ["*"]),
};

function registry(
  service: string,
  restricted: boolean,
  publications: readonly string[],
  responsibles: readonly string[],
): PolicyRegistry {
  return { service, restricted, publications, responsibles };
}

/**
 * @param name - a user above, `gus` (of no entry in the directory, with privileges by a team), `other-alice` (of another
 *   realm), `nobody`, `machine`, `robot`, or the name of a service
 * @returns them, with their teams
 */
export function subjectOf(name: string): Subject {
  const teams = USERS[name]?.[1];
  if (teams !== undefined) return { identity: oauthIdentity({ uid: name }), teams };
  switch (name) {
    case "nobody":
      return { identity: ANONYMOUS, teams: [] };
    case "gus":
      return { identity: oauthIdentity({ uid: "gus" }), teams: ["alpha", "builders"] };
    case "other-alice":
      return {
        identity: oauthIdentity({ uid: "alice", realm: "/customers" }),
        teams: ["alpha", "builders"],
      };
    case "machine":
      return { identity: oauthIdentity({ kind: "machine", realm: "/machines" }), teams: [] };
    case "robot": {
      const limits = [{ repositories: "**", actions: ["pull", "push"] }] as const;
      return { identity: oauthIdentity({ kind: "robot", realm: "/robots", limits }), teams: [] };
    }
    default: {
      const service = {
        kind: "service",
        realm: "/service-logins",
        uid: `service/${name}`,
      } as const;
      return { identity: oauthIdentity(service), teams: [] };
    }
  }
}
