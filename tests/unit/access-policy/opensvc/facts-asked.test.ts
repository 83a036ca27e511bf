import { describe, expect, test } from "@jest/globals";
import { directoryOf, type GivenPrivilege } from "#access-policy/directory.js";
import { judgingAgain } from "#access-policy/judge-again.js";
import type { Conditions, RuleSpec } from "#access-policy/rule.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { policyOf } from "../asking.js";
import { DIRECTORY, REGISTRIES } from "./people.js";

const LEADS: GivenPrivilege = { privilege: "Manager", to: { team: "leads" } };

describe("what is on record depends on the teams by which a rule can be met, and on no others:", () => {
  test.each<[repository: string, pattern: string, teams: readonly string[]]>([
    ["groups/beta/x", "groups/${group}/**", ["beta"]],
    ["groups/22/x", "groups/${group}/**", ["beta"]],
    ["groups/unlisted/x", "groups/${group}/**", ["unlisted"]],
    ["apps/lab/x", "apps/${app.responsible}/**", ["beta"]],
    ["apps/shop/x", "apps/${app.responsible}/**", ["alpha"]],
    ["apps/shop/x", "apps/${app.published}/**", ["alpha", "beta"]],
    ["apps/31/x", "apps/${app.responsible}/**", ["alpha"]],
    ["apps/35/x", "apps/${app.responsible}/**", ["beta"]],
  ])("of %s by %s on %j", (repository, pattern, teams) => {
    expect(dependsOn({ repositories: [pattern] }, repository)).toEqual(teams);
  });

  test.each<[who: Conditions, teams: readonly string[]]>([
    [{ registry: { published: true } }, ["beta"]],
    [{ registry: { responsible: true } }, ["alpha"]],
    [{ privileges: { allOf: ["Pusher"] } }, ["builders"]],
    [{ privileges: { anyOf: ["Manager"] } }, ["leads"]],
    [{ apps: { responsible: ["shop"] } }, ["alpha"]],
    [{ apps: { published: ["shop"] } }, ["alpha", "beta"]],
  ])("by %j on %j", (who, teams) => {
    expect(dependsOn({ who })).toEqual(teams);
  });

  test("by a privilege that somebody has themselves on none, however many teams have it", () => {
    const crews = Array.from({ length: 7 }, (_, index) => ({ team: `crew-${index}` }));
    const privileges = crews.map((to) => ({ privilege: "Pusher", to }) as const);
    const asked: Partial<RuleSpec> = { who: { privileges: { allOf: ["Pusher"] } } };
    expect(dependsOn(asked, "x/y", "gus", privileges)).toHaveLength(8);
    expect(dependsOn(asked, "x/y", "alice", privileges)).toEqual([]);
  });
});

function dependsOn(
  more: Partial<RuleSpec>,
  repository = "x/y",
  uid = "gus",
  given: readonly GivenPrivilege[] = [LEADS],
): readonly string[] {
  const { content } = DIRECTORY;
  const directory = directoryOf({ ...content, privileges: [...content.privileges, ...given] });
  const facts = { directory, registry: REGISTRIES["half"] ?? null };
  const candidate = { ...policyOf([{ effect: "deny", ...more }, {}]), facts };
  const judged = judgingAgain(
    { ...policyOf([{}]), facts },
    candidate,
  )({
    asker: { uid, realm: "/employees", kind: "oauth2" },
    ...{ address: null, action: "push", isGrantOfThese: true },
    repository: parseRepositoryName(repository),
  });
  const said = judged.outcome === "unknown" ? judged.dependsOn : [];
  return said.map((one) => one.replace(/^team /, ""));
}
