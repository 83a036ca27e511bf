import { describe, expect, test } from "@jest/globals";
import { compilePolicy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { DEFAULT_POLICY, DEFAULT_RULES } from "#access-policy/default-policy.js";
import { explain } from "#access-policy/explain.js";
import { policySchema } from "#access-policy/policy-schema.js";
import type { RuleSpec } from "#access-policy/rule.js";
import { shadowedRules } from "#access-policy/shadow.js";
import { oauthIdentity } from "#tests/support/identities.js";
import { policyOf, repository, type RuleDraft } from "./asking.js";

const HERE = { address: "192.0.2.1" };
const BOB = { identity: oauthIdentity({ uid: "bob" }), teams: ["beta"] };

describe("an explanation", () => {
  test.each([100, 101, 250])(
    "of %i rules has a hundred of them, the last one that was asked among them",
    (count) => {
      const policy = policyOf([
        ...Array.from({ length: count - 1 }, () => ({ repositories: ["beta/**"] })),
        { effect: "deny" as const, message: "frozen" },
      ]);
      const { trace, omitted, notReached } = explain(
        policy,
        BOB,
        repository("alpha/app"),
        "push",
        HERE,
      );
      expect([trace.length, omitted, notReached]).toEqual([100, count - 100, 0]);
      expect(trace.slice(-2)).toMatchObject([
        { rule: { id: "r99" }, outcome: "not-matched" },
        { rule: { id: `r${count}` }, outcome: "matched", because: "frozen" },
      ]);
    },
  );

  test("names each rule with what did not hold, and the one that decides with file and line", () => {
    const specs: RuleSpec[] = [
      { ...push("pulls"), actions: ["pull"] },
      { ...push("elsewhere"), repositories: ["beta/**"] },
      { ...push("robots"), who: { kinds: ["robot"] } },
      { ...push("frozen"), effect: "deny", message: "alpha is frozen" },
      push("never-reached"),
    ];
    const policy = compilePolicy(
      specs,
      specs.map((_spec, index) => `policy.yaml:${index + 2}`),
    );
    expect(explain(policy, BOB, repository("alpha/app"), "push", HERE)).toEqual({
      action: "push",
      decision: {
        allow: false,
        reason: "alpha is frozen",
        rule: { id: "frozen", at: "policy.yaml:5" },
      },
      trace: [
        entry("pulls", 2, "allow", "not-matched", "the rule is about pull"),
        entry("elsewhere", 3, "allow", "not-matched", "the rule is about beta/**"),
        entry("robots", 4, "allow", "not-matched", "a login of kind oauth2 may not push here"),
        entry("frozen", 5, "deny", "matched", "alpha is frozen"),
      ],
      omitted: 0,
      notReached: 1,
    });
  });

  test("tells of the bound when a rule would have allowed it", () => {
    const robot = oauthIdentity({ kind: "robot", uid: "bot", limits: [] });
    const asked = { identity: robot, teams: [] };
    const { trace, decision } = explain(policyOf([{}]), asked, repository("a/b"), "push", HERE);
    expect(decision).toMatchObject({ allow: false, rule: { id: "identity.limits", at: null } });
    expect(trace.map(({ rule, outcome }) => [rule.id, outcome])).toEqual([
      ["r1", "matched"],
      ["identity.limits", "matched"],
    ]);
  });

  test("of whoever may do all things, as authentication is switched off, ends with what allows them", () => {
    const everybody = { identity: oauthIdentity({ kind: "unrestricted" }), teams: [] };
    const { trace } = explain(policyOf([{}]), everybody, repository("a/b"), "push", HERE);
    expect(trace).toEqual([
      {
        rule: { id: "kind.unrestricted", at: null },
        effect: "allow",
        outcome: "matched",
        because: "authentication is switched off",
      },
    ]);
  });

  test("says which rules depend on teams that are not known", () => {
    const stranger = { ...BOB, teams: null };
    const told = explain(DEFAULT_POLICY, stranger, repository("alpha/app"), "push", HERE);
    expect(told.decision).toEqual({ allow: "teams-needed" });
    expect(told.trace.filter(({ outcome }) => outcome === "teams-needed")).toMatchObject([
      { rule: { id: "push-employees" } },
    ]);
  });

  test("of everything at once is about the part that decides", () => {
    const told = explain(DEFAULT_POLICY, BOB, repository("alpha/app"), "*", HERE);
    expect(told).toMatchObject({ action: "delete", decision: { rule: { id: "no-delete" } } });
  });

  test("stays short when there are thousands of rules, and still ends with the deciding one", () => {
    const strangers = Array.from({ length: 3_000 }, () => ({ who: { uids: ["carol"] } }));
    const policy = policyOf([...strangers, { effect: "deny", message: "no ".repeat(60) }]);
    const told = explain(policy, BOB, repository("alpha/app"), "push", HERE);
    expect(told.trace).toHaveLength(100);
    expect(told.omitted).toBe(2_901);
    expect(told.trace.at(-1)).toMatchObject({ rule: { id: "r3001" }, outcome: "matched" });
    expect(JSON.stringify(told).length).toBeLessThan(30_000);
  });

  test("cuts a reason that a login made long", () => {
    const told = { identity: oauthIdentity({ uid: "u".repeat(5_000) }), teams: [] };
    const decision = decide(DEFAULT_POLICY, told, repository("alpha/app"), "push", HERE);
    expect(decision).toMatchObject({ reason: expect.stringMatching(/^u{299}…$/) });
  });
});

describe("the built-in policy", () => {
  test("is one that a file could hold", () => {
    expect(policySchema.parse({ rules: DEFAULT_RULES })).toEqual({ rules: DEFAULT_RULES });
  });

  test("has no rule that another one hides", () => {
    expect(shadowedRules(DEFAULT_RULES)).toEqual([]);
  });
});

test.each([
  ["patterns that begin differently", (index: number) => [`team-${index}/**`, `x-${index}/*/y`]],
  ["patterns with templates that begin alike", (i: number) => [`groups/\${team}/x-${i}/*`]],
])(
  "of 1,000 rules about other places none decides, and the one behind them does: %s",
  (_what, patternsOf) => {
    const others = Array.from({ length: 1_000 }, (_, index) => ({
      repositories: patternsOf(index),
      who: { realms: ["/employees"] },
    }));
    const own = { repositories: ["groups/${team}/*"] };
    const decided = (rules: readonly RuleDraft[]) =>
      decide(policyOf(rules), BOB, repository("groups/beta/app"), "push", HERE);
    expect(decided(others)).toMatchObject({ allow: false });
    expect(decided([...others, own])).toMatchObject({ allow: true, rule: { id: "r1001" } });
  },
);

function push(id: string): RuleSpec {
  return { id, effect: "allow", actions: ["push"], repositories: ["**"], who: "anyone" };
}

function entry(id: string, line: number, effect: string, outcome: string, because: string) {
  return { rule: { id, at: `policy.yaml:${line}` }, effect, outcome, because };
}
