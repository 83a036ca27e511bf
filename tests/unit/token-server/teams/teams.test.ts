import { describe, expect, test } from "@jest/globals";
import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Login } from "#token-server/identity/identity-source.js";
import { combinedTeams } from "#token-server/teams/combined-teams.js";
import { staticTeams } from "#token-server/teams/static-teams.js";
import { oauthIdentity } from "#tests/support/identities.js";

const TEAMS = {
  alpha: ["/employees/alice", "/services/bob", "/services/github:acme/app"],
  beta: ["/services/bob"],
  gamma: [],
};

describe("teams of the configuration", () => {
  test("have members by realm and uid", async () => {
    const teams = staticTeams(TEAMS, null);
    await expect(teams.teamsOf(login({ uid: "alice" }))).resolves.toEqual(["alpha"]);
    const bob = login({ uid: "bob", realm: "/services" });
    await expect(teams.teamsOf(bob)).resolves.toEqual(["alpha", "beta"]);
    const pipeline = login({ uid: "github:acme/app", realm: "/services" });
    await expect(teams.teamsOf(pipeline)).resolves.toEqual(["alpha"]);
  });

  test("do not take the same uid of another realm for a member", async () => {
    const stranger = login({ uid: "alice", realm: "/services" });
    await expect(staticTeams(TEAMS, null).teamsOf(stranger)).resolves.toEqual([]);
  });

  test("do not take a uid that spells realm and uid for a member", async () => {
    const spoof = login({ uid: "/employees/alice", realm: "/services" });
    await expect(staticTeams(TEAMS, null).teamsOf(spoof)).resolves.toEqual([]);
  });

  test("take a uid alone where there is one realm alone, and for nobody of another one", async () => {
    const teams = staticTeams({ alpha: ["bob"] }, "/employees");
    await expect(teams.teamsOf(login({ uid: "bob" }))).resolves.toEqual(["alpha"]);
    const robot = login({ uid: "bob", realm: "/robots", kind: "robot" });
    await expect(teams.teamsOf(robot)).resolves.toEqual([]);
  });

  test.each(["bob", "", "/", "/employees/", "/employees/../x", "../x", "a\nb", "/../x", "/a b/x"])(
    "refuse the member %j: it could be anybody, or nobody ever",
    (member) => {
      expect(() => staticTeams({ alpha: [member] }, null)).toThrow(/teams\.alpha: .*\/realm\/uid/);
    },
  );

  test("refuse a uid alone that nobody can have, also where there is one realm alone", () => {
    expect(() => staticTeams({ alpha: ["a\nb"] }, "/employees")).toThrow(/teams\.alpha: /);
  });

  test("have nobody in particular for a member never", async () => {
    const teams = staticTeams(TEAMS, null);
    await expect(teams.teamsOf(login({ uid: "", realm: "" }))).resolves.toEqual([]);
  });
});

describe("teams from several places", () => {
  test("are those of the login, of the configuration and of the service, each once", async () => {
    const service = { teamsOf: () => Promise.resolve(["alpha", "delta"]) };
    const teams = combinedTeams([staticTeams(TEAMS, null), service]);
    const bob = login({ uid: "bob", realm: "/services" }, ["directory", "beta"]);
    await expect(teams.teamsOf(bob)).resolves.toEqual(["directory", "beta", "alpha", "delta"]);
  });

  test("are unknown when one place cannot tell", async () => {
    const down = { teamsOf: () => Promise.reject(new Fault("UNAVAILABLE")) };
    const teams = combinedTeams([staticTeams(TEAMS, null), down]);
    await expect(teams.teamsOf(login({ uid: "bob" }))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
  });
});

function login(known: Partial<Identity>, teams: readonly string[] | null = null): Login {
  return { identity: oauthIdentity(known), teams, validUntil: null, accessToken: null };
}
