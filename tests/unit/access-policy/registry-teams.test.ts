import { describe, expect, test } from "@jest/globals";
import {
  asksForTeams,
  isPublishedTo,
  isResponsibleFor,
  refusalByRegistry,
} from "#access-policy/registry-teams.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";

const registry = (more: Partial<PolicyRegistry> = {}): PolicyRegistry => ({
  ...{ service: "lab", restricted: false, publications: ["users"], responsibles: ["owners"] },
  ...more,
});
const UNSEEN = "registry lab is not published to any of your teams";
const RESTRICTED = "registry lab is restricted, and none of your teams is responsible for it";

describe("a registry", () => {
  test.each<[teams: string[], restricted: boolean, pull: string | null, push: string | null]>([
    [[], false, UNSEEN, UNSEEN],
    [["others"], false, UNSEEN, UNSEEN],
    [["users"], false, null, null],
    [["owners"], false, null, null],
    [["others"], true, UNSEEN, UNSEEN],
    [["users"], true, null, RESTRICTED],
    [["owners"], true, null, null],
    [["users", "owners"], true, null, null],
    // Nobody is in a team by the name for everybody.
    [["*"], false, UNSEEN, UNSEEN],
    [["Users"], false, UNSEEN, UNSEEN],
  ])(
    "says to teams %j, restricted %j: pull %j, push and delete %j",
    (teams, restricted, pull, push) => {
      const one = registry({ restricted });
      const says = (type: string, action: string) =>
        refusalByRegistry(one, teams, { type, action });
      expect(says("repository", "pull")).toBe(pull);
      expect(says("repository", "push")).toBe(push);
      expect(says("repository", "delete")).toBe(push);
      // The catalog is looked at, whatever the action is called.
      expect(says("registry", "*")).toBe(pull);
    },
  );

  test("that is published to everybody is so to whoever is in no team, and nobody is responsible by that", () => {
    const one = registry({ publications: ["*"], responsibles: ["*"], restricted: true });
    expect(isPublishedTo(one, [])).toBe(true);
    for (const teams of [[], ["*"], ["users"]]) expect(isResponsibleFor(one, teams)).toBe(false);
    expect(refusalByRegistry(one, [], { type: "repository", action: "pull" })).toBeNull();
    expect(refusalByRegistry(one, ["*"], { type: "repository", action: "push" })).toBe(RESTRICTED);
  });

  test("asks for nobody's teams where everybody may come and it is not restricted", () => {
    expect(asksForTeams(registry({ publications: ["*"] }))).toBe(false);
    expect(asksForTeams(registry({ publications: ["*"], restricted: true }))).toBe(true);
    expect(asksForTeams(registry())).toBe(true);
  });
});
