import { expect, test } from "@jest/globals";
import { DEFAULT_RULES } from "#access-policy/default-policy.js";
import { conditionsInWords, policyDifference, ruleInWords } from "#access-policy/difference.js";
import type { Conditions, RuleSpec } from "#access-policy/rule.js";

const base: RuleSpec = {
  id: "push-services",
  effect: "allow",
  actions: ["push"],
  repositories: ["alpha/**"],
  who: { realms: ["/services"] },
};

function rule(id: string): RuleSpec {
  return { ...base, id };
}

test("policies that say the same do not differ", () => {
  expect(policyDifference(DEFAULT_RULES, DEFAULT_RULES)).toEqual([]);
});

test("a rule that is about more repositories is told with what it was about and what it is about", () => {
  expect(policyDifference([base], [{ ...base, repositories: ["**"] }])).toEqual([
    "rule push-services: repositories alpha/** → **",
  ]);
});

test("the order within a list is no difference", () => {
  const one = { ...base, actions: ["push", "pull"] } as const;
  expect(policyDifference([one], [{ ...one, actions: ["pull", "push"] }])).toEqual([]);
});

test("rules that came and went are told with all that they say", () => {
  expect(policyDifference([rule("a"), rule("b")], [rule("a"), rule("c")])).toEqual([
    "rule b removed: allow push; repositories alpha/**; who realms /services",
    "rule c added behind a: allow push; repositories alpha/**; who realms /services",
  ]);
  expect(policyDifference([], [rule("a")])).toEqual([
    "rule a added at the beginning: allow push; repositories alpha/**; who realms /services",
  ]);
});

test("of a new order the rules are named that were moved, and no other", () => {
  const [a, b, c, d] = ["a", "b", "c", "d"].map(rule) as [RuleSpec, RuleSpec, RuleSpec, RuleSpec];
  expect(policyDifference([a, b, c, d], [d, a, b, c])).toEqual([
    "rule d moved, now at the beginning",
  ]);
  expect(policyDifference([a, b, c, d], [b, c, d, a])).toEqual(["rule a moved, now behind d"]);
  expect(policyDifference([a, b, c], [a, d, b, c])).toEqual([
    "rule d added behind a: allow push; repositories alpha/**; who realms /services",
  ]);
});

test("every key of a rule is compared, with what it was and what it is", () => {
  const after: RuleSpec = {
    id: base.id,
    effect: "deny",
    actions: ["push", "delete"],
    namespaces: ["beta"],
    who: {
      scopes: { anyOf: ["x"], allOf: ["y", "z"] },
      claims: { ref: ["refs/heads/main"] },
      teams: ["alpha"],
    },
    unless: { addresses: ["10.0.0.0/8"] },
    message: "ask the platform team",
    description: "who builds",
  };
  expect(policyDifference([base], [after])).toEqual([
    "rule push-services: effect allow → deny",
    "rule push-services: actions push → delete, push",
    "rule push-services: repositories alpha/** → none",
    "rule push-services: namespaces none → beta",
    "rule push-services: who realms /services → all of the scopes y, z and any of the scopes x and claim ref refs/heads/main and teams alpha",
    "rule push-services: unless none → addresses 10.0.0.0/8",
    'rule push-services: message none → "ask the platform team"',
    'rule push-services: description none → "who builds"',
  ]);
});

test("a rule about everybody is told so", () => {
  expect(ruleInWords({ id: "c", effect: "allow", actions: ["catalog"], who: "anyone" })).toBe(
    "allow catalog; who anyone",
  );
});

test("policies of the largest size are told apart within a second", () => {
  const rules = Array.from({ length: 5_000 }, (_, index) => rule(`r${index}`));
  const began = performance.now();
  expect(policyDifference(rules, [...rules].reverse())).toHaveLength(4_999);
  expect(performance.now() - began).toBeLessThan(1_000);
});

test("what a rule asks of registry, directory and services is told in words", () => {
  const asks = {
    registry: { published: true, restricted: false },
    privileges: { anyOf: ["Pusher", "Manager"] },
    apps: { responsible: ["shop"] },
    service: { app: ["vault"] },
  } as const;
  expect(policyDifference([base], [{ ...base, who: asks }])).toEqual([
    "rule push-services: who realms /services → " +
      "any of the privileges Manager, Pusher and at a registry that is not restricted, published to a team of theirs " +
      "and responsible for an app of shop and service of an app of vault",
  ]);
});

test.each<[asked: NonNullable<Conditions["registry"]>, words: string]>([
  [{ restricted: true }, "restricted"],
  [{ restricted: false }, "not restricted"],
  [{ published: true }, "published to a team of theirs"],
  [{ responsible: true }, "a team of theirs' responsibility"],
  [{ restricted: true, responsible: true }, "a team of theirs' responsibility, restricted"],
])("of a registry that has to be %j is told that alone", (registry, words) => {
  expect(conditionsInWords({ registry })).toBe(`at a registry that is ${words}`);
});
