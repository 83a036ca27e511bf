import { describe, expect, test } from "@jest/globals";
import { OPENSVC_RULES } from "#access-policy/opensvc-rules.js";
import { loadPolicy } from "#token-server/policy/load.js";
import { YamlFileError } from "#service-kit/yaml-file.js";

describe("a policy file that says opensvc", () => {
  test("has OpenSVC's rules, and none of them is in doubt", () => {
    const { policy, warnings } = loadPolicy("policy.yaml", "rules: opensvc\n");

    expect(policy.rules.map(({ name }) => name)).toEqual(
      OPENSVC_RULES.map(({ id }) => ({ id, at: null })),
    );
    expect(warnings).toEqual([]);
  });

  test("is no other word", () => {
    expect(faultsOf("rules: opensv\n")).toEqual([
      "policy.yaml:1: rules: Invalid input: expected array, received string",
    ]);
  });
});

describe("conditions on the directory and the registry", () => {
  test.each([
    ["registry: {}", "registry: wants restricted, published or responsible"],
    [
      "registry: {published: false}",
      "registry.published: can only be true; for the contrary use unless",
    ],
    ["registry: {restricted: true, open: true}", 'registry: Unrecognized key: "open"'],
    ["privileges: {}", "privileges: wants anyOf, allOf or both"],
    [
      "privileges: {allOf: [Admin]}",
      'privileges.allOf.0: Invalid option: expected one of "Manager"|"Pusher"|"Puller"',
    ],
    ["apps: {}", "apps: wants responsible, published or both"],
    ["service: {app: []}", "service.app: Too small: expected array to have >=1 items"],
  ])("refuses %s", (condition, fault) => {
    expect(faultsOf(ruleWith(`who: {${condition}}`))).toEqual([
      expect.stringContaining(`rules.0.who.${fault}`),
    ]);
  });

  test("an exception has one of them", () => {
    const text = ruleWith(
      "who: anyone\n    unless: {registry: {published: true, restricted: true}}",
    );

    expect(faultsOf(text)).toEqual([expect.stringContaining("takes one condition")]);
  });

  test("only what denies can tell what the rules before it lacked", () => {
    expect(faultsOf(ruleWith("who: anyone\n    message: needs ${missing}"))).toEqual([
      expect.stringContaining("${missing} is not known here"),
    ]);
  });

  test.each([
    ["registry: {restricted: true}", "registry: {restricted: false}"],
    ["privileges: {allOf: [Pusher]}", "privileges: {allOf: [Puller]}"],
    ["apps: {responsible: [a]}", "apps: {published: [a]}"],
    ["service: {app: [a]}", "service: {app: [b]}"],
  ])("a rule with %s hides none with %s", (first, second) => {
    expect(loadPolicy("p", twoRules(first, second)).warnings).toEqual([]);
    expect(loadPolicy("p", twoRules(first, first)).warnings).toHaveLength(1);
  });
});

function ruleWith(rest: string): string {
  return `rules:
  - id: one
    effect: allow
    actions: [pull]
    repositories: ["**"]
    ${rest}
`;
}

function twoRules(...conditions: readonly string[]): string {
  const rules = conditions.map(
    (condition, index) =>
      `  - {id: r${index}, effect: allow, actions: [pull], repositories: ["**"], who: {${condition}}}\n`,
  );
  return `rules:\n${rules.join("")}`;
}

function faultsOf(text: string): readonly string[] {
  try {
    loadPolicy("policy.yaml", text);
  } catch (error) {
    if (error instanceof YamlFileError) return error.faults;
    throw error;
  }
  return [];
}
