import { describe, expect, test } from "@jest/globals";
import { compilePolicy, type Policy } from "#access-policy/compile.js";
import { DEFAULT_POLICY, DEFAULT_RULES } from "#access-policy/default-policy.js";
import { judgingAgain, type DecisionOnRecord } from "#access-policy/judge-again.js";
import type { RuleSpec } from "#access-policy/rule.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";

const PUSH: DecisionOnRecord = {
  asker: { uid: "alice", realm: "/employees", kind: "oauth2" },
  ...{ address: "192.0.2.7", action: "push", isGrantOfThese: true },
  repository: parseRepositoryName("alpha/app"),
};

function rule(id: string, more: Partial<RuleSpec> = {}): RuleSpec {
  return { id, effect: "allow", actions: ["*"], repositories: ["**"], who: "logged-in", ...more };
}

const deny = (id: string, more: Partial<RuleSpec>) => rule(id, { effect: "deny", ...more });
const before = (...specs: RuleSpec[]) => compilePolicy([...specs, ...DEFAULT_RULES]);

function judge(candidate: Policy, more: Partial<DecisionOnRecord> = {}, inForce = DEFAULT_POLICY) {
  return judgingAgain(inForce, candidate)({ ...PUSH, ...more });
}

describe("a decision on record, judged by other rules,", () => {
  test("is the same by the same rules, whatever is not on record", () => {
    expect(judge(compilePolicy(DEFAULT_RULES))).toEqual({ outcome: "same" });
    const specs = [rule("ci", { who: { claims: { ref: ["refs/heads/*"] }, teams: ["x"] } })];
    const policy = compilePolicy(specs);
    expect(judge(compilePolicy(specs), {}, policy)).toEqual({ outcome: "same" });
  });

  test.each<[string, Partial<RuleSpec>]>([
    ["everybody", { who: "anyone" }],
    ["the realm", { who: { realms: ["/employees"] } }],
    ["the name", { who: { uids: ["alice"] } }],
    ["the kind of login", { who: { kinds: ["oauth2", "oidc"] } }],
    ["the address", { who: { addresses: ["192.0.2.0/24"] } }],
    ["the name by a template", { repositories: ["alpha/**"], unless: { uids: ["bob"] } }],
  ])("changes with a rule before them about %s", (_what, more) => {
    expect(judge(before(deny("frozen", more)))).toEqual({
      ...{ outcome: "changes", allow: false, by: [{ id: "frozen", at: null }] },
      before: expect.arrayContaining([{ id: "push-employees", at: null }]) as unknown,
    });
  });

  test.each<[string, Partial<RuleSpec>]>([
    ["another realm", { who: { realms: ["/services"] } }],
    ["another address", { who: { addresses: ["10.0.0.0/8"] } }],
    ["another repository", { repositories: ["beta/**"] }],
    ["another action", { actions: ["delete"] }],
    ["another realm, and teams", { who: { realms: ["/services"], teams: ["alpha"] } }],
  ])("is the same with a rule before them about %s", (_what, more) => {
    expect(judge(before(deny("frozen", more)))).toEqual({ outcome: "same" });
  });

  test.each<[string, Partial<RuleSpec>, string]>([
    ["teams", { who: { teams: ["testers"] } }, "team testers"],
    ["scopes", { who: { scopes: { allOf: ["wild"] } } }, "scope wild"],
    ["claims", { who: { claims: { ref: ["a", "b*"] } } }, "claim ref = a or b*"],
    ["exceptions of claims", { unless: { claims: { ref: ["a"] } } }, "claim ref = a"],
    ["templates of claims", { repositories: ["${claim.org}/**"] }, "claim org = alpha"],
  ])("is not guessed where it depends on %s", (_what, more, said) => {
    const answer = judge(before(deny("some", more)));
    expect(answer).toMatchObject({ outcome: "unknown" });
    expect(answer).toMatchObject({ dependsOn: expect.arrayContaining([said]) as unknown });
  });

  test("was granted, so that it is known by what it can have been", () => {
    const own = compilePolicy([rule("own", { repositories: ["${team}/**"] })]);
    const members = compilePolicy([rule("members", { who: { teams: ["alpha"] } })]);
    expect(judge(members, {}, own)).toEqual({ outcome: "same" });
    // By rules of before it may have been granted for another reason.
    expect(judge(members, { isGrantOfThese: false }, own)).toEqual({ outcome: "same" });
    const nobody = compilePolicy([deny("closed", { who: "anyone" })]);
    expect(judge(nobody, {}, own)).toMatchObject({ outcome: "changes", allow: false });
    expect(judge(nobody, { isGrantOfThese: false }, own)).toEqual({
      outcome: "unknown",
      dependsOn: ["team alpha"],
    });
  });

  test("by rules that cannot have granted it says what those of now would do", () => {
    const nobody = compilePolicy([deny("closed", { who: "anyone" })]);
    const all = compilePolicy([rule("all")]);
    expect(judge(all, {}, nobody)).toMatchObject({ outcome: "changes", allow: true });
  });

  test("of a robot goes by the rules: its limits are the same by any", () => {
    const asker = { uid: "robot-alpha-ci", realm: "/robots", kind: "robot" } as const;
    expect(judge(compilePolicy(DEFAULT_RULES), { asker })).toEqual({ outcome: "same" });
    const closed = before(deny("no-robots", { who: { kinds: ["robot"] } }));
    expect(judge(closed, { asker })).toMatchObject({ outcome: "changes", allow: false });
  });

  test("is not gone into where too much would have to be known", () => {
    const teams = Array.from({ length: 9 }, (_, index) => `team-${index}`);
    expect(judge(before(deny("some", { who: { teams } })))).toMatchObject({ outcome: "unknown" });
  });
});
