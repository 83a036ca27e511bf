import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compilePolicy } from "#access-policy/compile.js";
import type { Login } from "#token-server/identity/identity-source.js";
import { decideGrant } from "#token-server/token/decide-grant.js";
import { explainAccess } from "#token-server/token/explain-access.js";
import { actions, callers, resources, ruleLists } from "../access-policy/arbitraries.js";

const registry = {
  service: "wharfinger",
  restricted: false,
  publications: ["*"],
  responsibles: [],
};

describe("what explain says", () => {
  test("is what a token for many things at once says, for every policy, identity and scope", async () => {
    const seen = { granted: 0, refused: 0 };
    const asked = fc.array(fc.record({ resource: resources(), action: actions() }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(ruleLists(), callers(), asked, async (list, caller, wanted) => {
        const policy = compilePolicy(list);
        const { identity, address } = caller;
        const login: Login = { identity, teams: null, validUntil: null, accessToken: null };
        const teams = { teamsOf: () => Promise.resolve(caller.teams ?? []) };
        const circumstances = { address };
        const requested = wanted.map(({ resource, action }) => ({ resource, actions: [action] }));
        const grant = await decideGrant(policy, teams, login, { requested, circumstances });
        for (const { resource, action } of wanted) {
          const told = await explainAccess(policy, teams, login, {
            registry,
            resource,
            action,
            circumstances,
          });
          const isGranted = grant.access.some(
            (access) => access.name === resource.name && access.actions.includes(action),
          );
          const alone = await decideGrant(policy, teams, login, {
            requested: [{ resource, actions: [action] }],
            circumstances,
          });
          expect(told.allow).toBe(isGranted);
          expect(told.explanation.decision.allow).toBe(isGranted);
          if (!isGranted) expect(told.reason).toBe(alone.refused[0]?.reason);
          seen[isGranted ? "granted" : "refused"] += 1;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.granted, seen.refused)).toBeGreaterThan(100);
  });
});
