import { expect, test } from "@jest/globals";
import { compilePolicy } from "#access-policy/compile.js";
import { directoryOf } from "#access-policy/directory.js";
import { decide } from "#access-policy/decide.js";
import { groundsOf } from "#access-policy/grounds.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { oauthIdentity } from "#tests/support/identities.js";

const alice = { uid: "alice", realm: "/employees" };
const directory = directoryOf({
  users: [{ ...alice, id: 7, primaryTeam: null }],
  ...{ teams: [], apps: [], services: [], privileges: [] },
});

test("the team that a rule goes by is told where the directory says who somebody is, too", () => {
  const rule = { id: "own", effect: "allow", actions: ["push"], repositories: ["${team}/${user}/**"], who: "logged-in" } as const; // prettier-ignore
  const policy = { ...compilePolicy([rule]), facts: { directory, registry: null } };
  const subject = { identity: oauthIdentity(alice), teams: ["beta", "alpha"] };
  const from = { address: null };
  const resource = { type: "repository", name: parseRepositoryName("alpha/7/app") } as const;
  const decision = decide(policy, subject, resource, "push", from);
  expect(decision).toMatchObject({ allow: true });
  const rulePart = decision.allow === true ? decision.rule : null;
  expect(groundsOf(policy, subject, from)(resource, "push", rulePart)).toEqual({
    ...{ rule: "own", team: "alpha" },
  });
});

test("the team that a rule by groups goes by is told, by whichever name of it", () => {
  const rule = { id: "groups", effect: "allow", actions: ["push"], repositories: ["groups/${group}/**"], who: "logged-in" } as const; // prettier-ignore
  const content = { users: [], apps: [], services: [], privileges: [] };
  const teams = [{ id: 21, name: "shop" }];
  const facts = { directory: directoryOf({ ...content, teams }), registry: null };
  const policy = { ...compilePolicy([rule]), facts };
  const subject = { identity: oauthIdentity(alice), teams: ["alpha", "shop"] };
  const from = { address: null };
  for (const name of ["groups/shop/app", "groups/21/app"]) {
    const resource = { type: "repository", name: parseRepositoryName(name) } as const;
    const decision = decide(policy, subject, resource, "push", from);
    const part = decision.allow === true ? decision.rule : null;
    const told = groundsOf(policy, subject, from)(resource, "push", part);
    expect(told).toEqual({ rule: "groups", team: "shop" });
  }
});
