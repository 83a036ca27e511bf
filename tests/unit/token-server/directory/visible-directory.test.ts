import { describe, expect, test } from "@jest/globals";
import { NOTHING_LISTED, snapshotOf } from "#token-server/directory/directory-snapshot.js";
import { privilegesIn } from "#token-server/directory/privileges.js";
import { visibleTo } from "#token-server/directory/visible-directory.js";
import type { Registrar } from "#token-server/registries/authority.js";
import { oauthIdentity } from "#tests/support/identities.js";

const SNAPSHOT = snapshotOf({
  ...NOTHING_LISTED,
  users: [
    { id: 1, realm: "/employees", uid: "alice", primaryTeam: "beta" },
    { id: 2, realm: "/customers", uid: "alice", primaryTeam: "gamma" },
    { id: 3, realm: "/employees", uid: "bob", primaryTeam: "alpha" },
  ],
  teams: ["alpha", "beta", "gamma"].map((name, id) => ({ id, name })),
  apps: [
    { id: 1, code: "made", responsibles: ["alpha"], publications: [] },
    { id: 2, code: "used", responsibles: ["gamma"], publications: ["alpha"] },
    { id: 3, code: "others", responsibles: ["gamma"], publications: ["gamma"] },
  ],
  services: ["made", "used", "others"].map((app) => ({ name: `${app}-pod`, app, workload: null })),
  privileges: [
    { privilege: "Manager", to: { realm: "/employees", uid: "alice" } },
    { privilege: "Pusher", to: { realm: "/customers", uid: "alice" } },
    { privilege: "Pusher", to: { team: "alpha" } },
    { privilege: "Puller", to: { team: "gamma" } },
  ],
});

const seen = (teams: readonly string[], isAdministrator = false) => {
  const found = visibleTo(SNAPSHOT, { identity: oauthIdentity(), teams, isAdministrator });
  return {
    users: found.users.map(({ realm, uid }) => `${realm}/${uid}`),
    teams: found.teams.map(({ name }) => name),
    apps: found.apps.map(({ code, isOwn }) => `${code} ${isOwn}`),
    services: found.services.map(({ name }) => name),
    privileges: found.privileges.map(({ privilege, holder }) => `${privilege} ${holder}`),
  };
};

describe("of the directory", () => {
  test("people see themselves, their teams, and what is theirs or published to them", () => {
    expect(seen(["alpha"])).toEqual({
      users: ["/employees/alice"],
      teams: ["alpha"],
      apps: ["made true", "used false"],
      services: ["made-pod"],
      privileges: ["Manager /employees/alice", "Pusher alpha"],
    });
  });

  test("whoever is in no team sees themselves alone", () => {
    expect(seen([])).toEqual({
      users: ["/employees/alice"],
      ...{ teams: [], apps: [], services: [], privileges: ["Manager /employees/alice"] },
    });
  });

  test("administrators see all, as theirs", () => {
    expect(seen([], true)).toEqual({
      users: ["/employees/alice", "/customers/alice", "/employees/bob"],
      teams: ["alpha", "beta", "gamma"],
      apps: ["made true", "used true", "others true"],
      services: ["made-pod", "used-pod", "others-pod"],
      privileges: [
        ...["Manager /employees/alice", "Pusher /customers/alice", "Pusher alpha", "Puller gamma"],
      ],
    });
  });
});

describe("whoever makes a registry", () => {
  const privileges = privilegesIn({ current: () => SNAPSHOT });
  const who = (known: {
    uid?: string;
    realm?: string;
    teams: readonly string[];
    isAdministrator?: boolean;
  }): Registrar =>
    // prettier-ignore
    ({
      identity: oauthIdentity({ uid: known.uid ?? "alice", realm: known.realm ?? "/employees" }),
      ...{ teams: known.teams, isAdministrator: known.isAdministrator ?? false },
    }) as Registrar;

  test("has the privilege Manager, or administers", () => {
    const has = (one: Registrar) => privileges.hasPrivilege(one, "Manager");
    expect(has(who({ teams: [] }))).toBe(true);
    expect(has(who({ teams: [], realm: "/customers" }))).toBe(false);
    expect(has(who({ teams: ["alpha"], uid: "bob" }))).toBe(false);
    expect(has(who({ teams: [], uid: "bob", isAdministrator: true }))).toBe(true);
  });

  test("gives it to the team that is their first, by realm and name, as long as they are in it", () => {
    const team = (one: Registrar) => privileges.primaryTeamOf(one);
    expect(team(who({ teams: ["alpha", "beta", "gamma"] }))).toBe("beta");
    expect(team(who({ teams: ["alpha", "beta", "gamma"], realm: "/customers" }))).toBe("gamma");
    expect(team(who({ teams: ["gamma", "alpha"], uid: "bob" }))).toBe("alpha");
    expect(team(who({ teams: ["gamma", "alpha"] }))).toBe("gamma");
    expect(team(who({ teams: ["gamma", "alpha"], uid: "carol" }))).toBe("gamma");
    expect(team(who({ teams: [] }))).toBeNull();
  });
});
