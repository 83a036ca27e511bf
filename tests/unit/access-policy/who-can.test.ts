import { describe, expect, test } from "@jest/globals";
import { compilePolicy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import type { Identity } from "#access-policy/identity.js";
import type { RuleSpec } from "#access-policy/rule.js";
import { whoCan } from "#access-policy/who-can.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { oauthIdentity } from "#tests/support/identities.js";

const APP = parseRepositoryName("alpha/app");

function rulesFor(action: string, specs: readonly RuleSpec[], name = APP) {
  const found = whoCan(compilePolicy(specs), name).find((one) => one.action === action);
  return found?.rules ?? [];
}

function rule(id: string, more: Partial<RuleSpec> = {}): RuleSpec {
  return {
    id,
    effect: "allow",
    actions: ["push"],
    repositories: ["**"],
    who: "logged-in",
    ...more,
  };
}

describe("who can do something in a repository", () => {
  test("is what the rules about it say, in their order, denials included", () => {
    const specs = [
      rule("elsewhere", { repositories: ["beta/**"] }),
      rule("frozen", { effect: "deny", who: { uids: ["dave"] } }),
      rule("readers", { actions: ["pull"] }),
      rule("own", { repositories: ["${team}/**"], unless: { realms: ["/services"] } }),
    ];
    expect(rulesFor("push", specs)).toEqual([
      {
        ...{ rule: { id: "frozen", at: null }, effect: "deny", who: { uids: ["dave"] } },
        ...{ unless: null, patterns: [{ pattern: "**", values: {} }] },
      },
      {
        ...{ rule: { id: "own", at: null }, effect: "allow", who: "logged-in" },
        unless: { realms: ["/services"] },
        patterns: [{ pattern: "${team}/**", values: { team: "alpha" } }],
      },
    ]);
  });

  test("ends with the rule that everybody fits", () => {
    const specs = [rule("closed", { effect: "deny", who: "anyone" }), rule("never-reached")];
    expect(rulesFor("push", specs).map(({ rule: { id } }) => id)).toEqual(["closed"]);
  });

  test.each<[string, Partial<RuleSpec>]>([
    ["has an exception", { unless: { teams: ["alpha"] } }],
    ["goes by a template", { repositories: ["${uid}/**"] }],
    ["is about those who are logged in", { who: "logged-in" }],
  ])("does not end with a rule that %s", (_what, more) => {
    const specs = [rule("first", { effect: "deny", who: "anyone", ...more }), rule("second")];
    expect(rulesFor("push", specs)).toHaveLength(2);
  });

  test("leaves out rules about logins alone that never may", () => {
    const specs = [rule("machines", { actions: ["*"], who: { kinds: ["machine", "anonymous"] } })];
    expect(rulesFor("push", specs)).toEqual([]);
    expect(rulesFor("pull", specs)).toHaveLength(1);
    expect(whoCan(compilePolicy(specs), APP).map(({ never }) => never)).toEqual([
      [],
      ["anonymous", "machine", "service"],
      ["anonymous", "machine", "service"],
    ]);
  });

  test("says where it is open what a template stands for, and leaves out a pattern that no value fits", () => {
    const specs = [rule("deep", { repositories: ["**/${uid}/x", "${team}/${team}/**"] })];
    expect(rulesFor("push", specs, parseRepositoryName("a/b/x"))).toMatchObject([
      { patterns: [{ pattern: "**/${uid}/x", values: { uid: null } }] },
    ]);
  });

  test("has by Pier One's rules who may push, and that nobody deletes", () => {
    const said = whoCan(DEFAULT_POLICY, APP).map(({ action, rules }) => [
      action,
      rules.map(({ rule: { id }, effect }) => `${effect} ${id}`),
    ]);
    expect(said).toEqual([
      ["pull", ["allow robots", "allow pull-public", "allow pull"]],
      [
        "push",
        [
          ...["allow robots", "allow push-anywhere", "deny push-realms"],
          ...["allow push-employees", "allow push-services"],
        ],
      ],
      ["delete", ["allow robots", "deny no-delete"]],
    ]);
  });

  test.each<[string, Partial<Identity>, readonly string[]]>([
    ["in the team", {}, ["alpha"]],
    ["in another team", {}, ["beta"]],
    ["of a service", { realm: "/services", scopes: ["application.write_all"] }, []],
    ["a machine", { kind: "machine" }, []],
  ])("names the rule that decides of whoever is %s", (_who, more, teams) => {
    const identity = oauthIdentity(more);
    for (const { action, rules, never } of whoCan(DEFAULT_POLICY, APP)) {
      const resource = { type: "repository", name: APP } as const;
      const decision = decide(DEFAULT_POLICY, { identity, teams }, resource, action, {
        address: null,
      });
      if (decision.allow === "teams-needed") throw new Error("teams are known");
      const id = decision.rule?.id;
      const isNever = never.includes(identity.kind);
      expect(isNever || id === undefined || rules.some(({ rule: one }) => one.id === id)).toBe(
        true,
      );
    }
  });
});
