import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compilePolicy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import type { Identity, Teams } from "#access-policy/identity.js";
import type { Subject } from "#access-policy/question.js";
import {
  parseScopes,
  type Access,
  type Action,
  type RequestedAccess,
} from "#registry-protocol/scope.js";
import { grantAccess, type Grant } from "#token-server/token/grant.js";
import { ANONYMOUS, oauthIdentity, UNRESTRICTED } from "#tests/support/identities.js";

const HERE = { address: "127.0.0.1" };

const ALICE: Subject = { identity: oauthIdentity(), teams: ["alpha", "shared"] };

describe("what a token grants", () => {
  test("is what was asked, when the policy allows it all", async () => {
    expect(await granted(ALICE, "repository:alpha/app:pull,push")).toEqual([
      { type: "repository", name: "alpha/app", actions: ["pull", "push"] },
    ]);
  });

  test("is less than was asked, when the policy allows a part", async () => {
    expect(await granted(ALICE, "repository:beta/app:pull,push,delete")).toEqual([
      { type: "repository", name: "beta/app", actions: ["pull"] },
    ]);
  });

  test("names each refused action with the policy's reason", async () => {
    expect((await grantOf(ALICE, "repository:beta/app:pull,push")).refused).toEqual([
      {
        type: "repository",
        name: "beta/app",
        action: "push",
        reason: "alice is not in team beta",
      },
    ]);
  });

  test("names the rule that denies, beside its words", async () => {
    const { spec } = { spec: { id: "frozen", effect: "deny", actions: ["push"], repositories: ["**"] } } as const; // prettier-ignore
    const policy = compilePolicy([{ ...spec, who: "anyone", message: "not this week" }]);
    const asked = parseScopes(["repository:alpha/app:push"]);
    const grant = await grantAccess(policy, ALICE, asked, HERE);
    expect(grant).toMatchObject({ refused: [{ reason: "not this week", rule: "frozen" }] });
  });

  test("does not name a resource of which nothing is allowed", async () => {
    expect(await granted(ALICE, "repository:beta/app:push")).toEqual([]);
  });

  test("covers every resource that was asked for", async () => {
    const scopes = "repository:alpha/app:push repository:beta/base:pull registry:catalog:*";
    expect(await granted(ALICE, scopes)).toEqual([
      { type: "repository", name: "alpha/app", actions: ["push"] },
      { type: "repository", name: "beta/base", actions: ["pull"] },
      { type: "registry", name: "catalog", actions: ["*"] },
    ]);
  });

  test("is nothing, when nothing was asked", async () => {
    expect(await grantTo(ALICE, [])).toEqual({ access: [], refused: [], grounds: [] });
  });

  test("says of each action by which rule, and by which team or scope of theirs", async () => {
    const { grounds } = await grantOf(ALICE, "repository:alpha/app:pull,push");
    expect(grounds).toEqual([[{ rule: "pull" }, { rule: "push-employees", team: "alpha" }]]);
    const anywhere = oauthIdentity({ scopes: ["uid", "application.write_all"] });
    const byScope = await grantOf({ ...ALICE, identity: anywhere }, "repository:beta/app:push");
    expect(byScope.grounds).toEqual([[{ rule: "push-anywhere", scope: "application.write_all" }]]);
    const open = await grantOf({ identity: UNRESTRICTED, teams: null }, "repository:b/app:*");
    expect(open.grounds).toEqual([[{ rule: "kind.unrestricted" }]]);
  });

  test("stays open while the answer depends on teams that are not known", async () => {
    const stranger = { ...ALICE, teams: null };
    expect(await grantTo(stranger, parseScopes(["repository:alpha/app:push"]))).toBe(
      "teams-needed",
    );
  });

  test("is decided without teams, when only pulls were asked for", async () => {
    const stranger = { ...ALICE, teams: null };
    expect(await granted(stranger, "repository:alpha/app:pull")).toHaveLength(1);
  });

  test("is never more than was asked, and never an action that the policy denies", async () => {
    await fc.assert(
      fc.asyncProperty(subjects(), scopeTexts(), async (subject, scopes) => {
        const asked = parseScopes(scopes);
        const grant = await grantTo(subject, asked);
        if (grant === "teams-needed") {
          expect(subject.teams).toBeNull();
          return;
        }
        const pairs = asked.flatMap(({ resource, actions }) =>
          actions.map((action) => ({ resource, action })),
        );
        for (const { access, action } of actionsOf(grant)) {
          const pair = pairs.find(
            ({ resource, action: wanted }) =>
              resource.type === access.type && resource.name === access.name && wanted === action,
          );
          expect(pair).toBeDefined();
          if (pair !== undefined)
            expect(decide(DEFAULT_POLICY, subject, pair.resource, pair.action, HERE).allow).toBe(
              true,
            );
        }
        expect(actionsOf(grant).length + grant.refused.length).toBe(pairs.length);
      }),
      { numRuns: 1_000 },
    );
  });
});

function grantTo(
  subject: Subject,
  requested: readonly RequestedAccess[],
): Promise<Grant | "teams-needed"> {
  return grantAccess(DEFAULT_POLICY, subject, requested, HERE);
}

async function grantOf(subject: Subject, scopes: string): Promise<Grant> {
  const grant = await grantTo(subject, parseScopes([scopes]));
  if (grant === "teams-needed") throw new Error("the grant was left open");
  return grant;
}

async function granted(subject: Subject, scopes: string): Promise<readonly Access[]> {
  return (await grantOf(subject, scopes)).access;
}

function actionsOf(grant: Grant): { access: Access; action: Action }[] {
  return grant.access.flatMap((access) => access.actions.map((action) => ({ access, action })));
}

function subjects(): fc.Arbitrary<Subject> {
  const logins = fc
    .record({
      realm: fc.constantFrom("/employees", "/services", "/customers", ""),
      scopes: fc.subarray([
        "uid",
        "application.write",
        "application.write_all",
        "application.write_all_trusted",
      ]),
    })
    .map((known): Identity => oauthIdentity(known));
  const identity = fc.oneof(
    { weight: 8, arbitrary: logins },
    { weight: 1, arbitrary: fc.constantFrom(ANONYMOUS, UNRESTRICTED) },
  );
  const teams: fc.Arbitrary<Teams> = fc.option(fc.subarray(["alpha", "beta", "shared", ""]));
  return fc.record({ identity, teams });
}

function scopeTexts(): fc.Arbitrary<string[]> {
  const name = fc.constantFrom("alpha/app", "alpha", "beta/app", "shared/a/b", "catalog", "Bad");
  const actions = fc.array(fc.constantFrom("pull", "push", "delete", "*", "fly"), { maxLength: 4 });
  const scope = fc
    .tuple(fc.constantFrom("repository", "registry", "repository(plugin)", "other"), name, actions)
    .map(([type, resource, list]) => `${type}:${resource}:${list.join(",")}`);
  return fc.array(
    fc.oneof({ weight: 6, arbitrary: scope }, { weight: 1, arbitrary: fc.string() }),
    {
      maxLength: 6,
    },
  );
}
