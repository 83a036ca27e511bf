import { describe, expect, test } from "@jest/globals";
import type { IdentityKind } from "#access-policy/identity.js";
import { judgingAgain, type DecisionOnRecord } from "#access-policy/judge-again.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { policyOf, type RuleDraft } from "./asking.js";

const SAME = { outcome: "same" };
const ASKER = { uid: "alice", realm: "/employees", kind: "oauth2" } as const;
const FROM = "192.0.2.7";

/** More than are gone through, so that whoever looks at them says that it is not known. */
const SEVEN = teams(7);
const BY_SEVEN: RuleDraft = { effect: "deny", who: { teams: SEVEN } };
const OPEN = policyOf([{}]);

describe("a decision on record, held against rules that ask more than is on it,", () => {
  test("is gone into with six things that are not known, and with seven it is not", () => {
    const withTeams = (count: number) => judge([{ who: { teams: teams(count) } }, {}]);
    expect(withTeams(6)).toEqual(SAME);
    expect(withTeams(7)).toEqual({ outcome: "unknown", dependsOn: SEVEN.map(inWords) });
  });

  test.each<[string, RuleDraft]>([
    ["about another repository of the same namespace", { repositories: ["alpha/other"] }],
    ["about another realm", { who: { realms: ["/services"], teams: SEVEN } }],
    ["about another name", { who: { uids: ["bob"], teams: SEVEN } }],
    ["about another kind of login", { who: { kinds: ["robot"], teams: SEVEN } }],
    ["about another address", { who: { addresses: ["10.0.0.0/8"], teams: SEVEN } }],
  ])("is the same with a denial %s, however much that asks", (_what, more) => {
    expect(judge([{ ...BY_SEVEN, ...more }, {}])).toEqual(SAME);
  });

  test.each<[string, RuleDraft]>([
    ["denies those of some teams", BY_SEVEN],
    ["excepts those of some teams", { effect: "deny", unless: { teams: SEVEN } }],
  ])("is not gone into where a rule %s, too many to go through", (_what, more) => {
    expect(judge([more, {}])).toEqual({ outcome: "unknown", dependsOn: SEVEN.map(inWords) });
  });

  test("of an address that is not known is ruled out of what is allowed to some, not of what is denied", () => {
    const who = { addresses: ["10.0.0.0/8"], teams: SEVEN };
    expect(judge([{ who }, {}], { address: null })).toEqual(SAME);
    expect(judge([{ who, effect: "deny" }, {}], { address: null })).toMatchObject({
      outcome: "unknown",
    });
  });

  test.each<[IdentityKind, string]>([
    ["unrestricted", "anonymous"],
    ["anonymous", ""],
  ])("of %s is the same whatever is said of teams, scopes and claims", (kind, uid) => {
    const asked = [
      { teams: SEVEN },
      { scopes: { anyOf: ["ops"] } },
      { claims: { ref: ["main"] } },
    ] as const;
    const pulls = { actions: ["pull"] } as const;
    const denials = asked.map((who) => ({ ...pulls, effect: "deny", who }) as const);
    const judged = judgingAgain(policyOf([pulls]), policyOf([...denials, pulls]));
    expect(judged({ ...PULL, asker: { uid, realm: "", kind } })).toEqual(SAME);
  });

  test("takes a scope for no team, and a team for no scope", () => {
    const denial: RuleDraft = { effect: "deny", who: { scopes: { allOf: ["ops"] } } };
    expect(judge([{ ...denial, unless: { teams: ["ops"] } }, {}])).toEqual({
      outcome: "unknown",
      dependsOn: ["scope ops", "team ops"],
    });
  });

  test("takes no team for a claim, even one that is called as the claim is told", () => {
    const denials = [{ claims: { org: ["x"] } }, { teams: ["org = x"] }].map(
      (who) => ({ effect: "deny", who }) as const,
    );
    expect(judge([...denials, {}])).toEqual({
      outcome: "unknown",
      dependsOn: ["claim org = x", "team org = x"],
    });
  });

  test("that some rules turn one way and the other by what is not known, is unknown", () => {
    const [ours, others] = [{ who: { teams: ["ops"] } }, {}];
    const inForce = policyOf([ours]);
    const candidate = policyOf([{ ...ours, effect: "deny" }, others]);
    const onRecord = { ...PUSH, isGrantOfThese: false };
    expect(judgingAgain(inForce, candidate)(onRecord)).toEqual({
      outcome: "unknown",
      dependsOn: ["team ops"],
    });
  });

  test("names every rule by which it may change, each once", () => {
    const who = { teams: ["ops", "dev"] };
    expect(judge([{ effect: "deny", who }, { effect: "deny" }])).toEqual({
      ...{ outcome: "changes", allow: false },
      by: [
        { id: "r2", at: null },
        { id: "r1", at: null },
      ],
      before: [{ id: "r1", at: null }],
    });
  });

  test("can depend on each part of the name that a template may stand for", () => {
    expect(judge([{ effect: "deny", repositories: ["**/${team}/**"] }, {}])).toEqual({
      outcome: "unknown",
      dependsOn: ["team alpha", "team app"],
    });
  });

  test("depends on claims by what they would have to be, and on scopes of either list", () => {
    const who = { scopes: { anyOf: ["a"], allOf: ["b"] }, claims: { ref: ["x", "y"] } };
    expect(judge([{ effect: "deny", who }, {}])).toEqual({
      outcome: "unknown",
      dependsOn: ["scope a", "scope b", "claim ref = x or y"],
    });
  });
});

const PUSH: DecisionOnRecord = {
  ...{ asker: ASKER, address: FROM, action: "push", isGrantOfThese: true },
  repository: parseRepositoryName("alpha/app"),
};
const PULL: DecisionOnRecord = { ...PUSH, action: "pull" };

/** By rules where so far everybody may push. */
function judge(candidate: readonly RuleDraft[], more: Partial<DecisionOnRecord> = {}) {
  return judgingAgain(OPEN, policyOf(candidate))({ ...PUSH, ...more });
}

function teams(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `crew-${index}`);
}

function inWords(team: string): string {
  return `team ${team}`;
}
