import { describe, expect, test } from "@jest/globals";
import { loadPolicy } from "#token-server/policy/load.js";
import { YamlFileError } from "#service-kit/yaml-file.js";

const GOOD = `
  - id: good
    effect: allow
    actions: [pull]
    namespaces: [alpha]
    who: anyone`;

describe("a policy file", () => {
  test("gives each rule its file and line", () => {
    const { policy, warnings } = loadPolicy("policy.yaml", `# first\nrules:${GOOD}\n`);
    expect(policy.rules.map(({ name }) => name)).toEqual([{ id: "good", at: "policy.yaml:3" }]);
    expect(warnings).toEqual([]);
  });

  test("is told all its faults at once, with their lines", () => {
    const text = `rules:
  - id: first
    effect: alow
    actions: [pull, fly]
    repositories: ["a/\${tem}/**", "A/b", "a/x\${team}", "a//b", "a/**b", "a.", "[ab]"]
    namespaces: ["a/b"]
    who: {uidz: [a], addresses: [10.0.0.0/40, fd00::/8, bla, 10.0.0.1/, "::1%lo"], claims: {a: true}}
    mesage: x
  - id: first
    effect: allow
    actions: [push, catalog]
    unless: {uids: [a], realms: [x]}
    message: "\${foo} \${team}"
  - id: Third Rule
    effect: allow
    actions: []
    who: {scopes: {}}
  - id: fourth
    effect: allow
    actions: [catalog]
    repositories: ["**"]
    who: everyone
`;
    expect(faultsOf(text)).toEqual([
      'policy.yaml:2: rules.0: Unrecognized key: "mesage"',
      'policy.yaml:3: rules.0.effect: Invalid option: expected one of "allow"|"deny"',
      'policy.yaml:4: rules.0.actions.1: Invalid option: expected one of "pull"|"push"|"delete"|"manage"|"catalog"|"*"',
      "policy.yaml:5: rules.0.repositories.0: ${tem} is not known; there are ${team}, ${uid}, ${realm}, ${user}, ${group}, ${app.responsible}, ${app.published}, ${service.app} and ${claim.<name>}",
      'policy.yaml:5: rules.0.repositories.1: "A" can be in no repository name (a-z 0-9 . _ - and the wildcards * and ** alone)',
      "policy.yaml:5: rules.0.repositories.2: a template such as ${team} stands alone between slashes",
      "policy.yaml:5: rules.0.repositories.3: an empty path component matches nothing",
      "policy.yaml:5: rules.0.repositories.4: ** stands alone between slashes; within a component use *",
      'policy.yaml:5: rules.0.repositories.5: "a." can be no part of a repository name',
      'policy.yaml:5: rules.0.repositories.6: "[ab]" can be in no repository name (a-z 0-9 . _ - and the wildcards * and ** alone)',
      "policy.yaml:6: rules.0.namespaces.0: a namespace is one path component",
      'policy.yaml:7: rules.0.who.addresses.0: "10.0.0.0/40" has a prefix of more than 32 bits',
      'policy.yaml:7: rules.0.who.addresses.2: "bla" is no IP network such as 10.0.0.0/8 or fd00::/8',
      'policy.yaml:7: rules.0.who.addresses.3: "10.0.0.1/" is no IP network such as 10.0.0.0/8 or fd00::/8',
      'policy.yaml:7: rules.0.who.addresses.4: "::1%lo" is no IP network such as 10.0.0.0/8 or fd00::/8',
      'policy.yaml:7: rules.0.who.claims.a: wants text or a list of texts; "true" and "1" need their quotes',
      'policy.yaml:7: rules.0.who: Unrecognized key: "uidz"',
      'policy.yaml:9: rules.1.who: is missing: "anyone", "logged-in" or conditions',
      'policy.yaml:9: rules.1.id: "first" is there already',
      "policy.yaml:11: rules.1.actions: catalog stands alone",
      "policy.yaml:12: rules.1.unless: takes one condition: write one rule for each",
      "policy.yaml:13: rules.1.message: ${foo} is not known here; a message can have ${uid} ${realm} ${action} ${repository} ${namespace}",
      "policy.yaml:13: rules.1.message: ${team} is not known here; a message can have ${uid} ${realm} ${action} ${repository} ${namespace}",
      "policy.yaml:14: rules.2.id: wants a-z, 0-9 and -, at most 63 of them",
      'policy.yaml:14: rules.2: repositories or namespaces are missing; for every repository write ["**"]',
      "policy.yaml:16: rules.2.actions: Too small: expected array to have >=1 items",
      "policy.yaml:17: rules.2.who.scopes: wants anyOf, allOf or both",
      "policy.yaml:18: rules.3: the catalog has neither repositories nor namespaces",
      'policy.yaml:22: rules.3.who: Invalid option: expected one of "anyone"|"logged-in"',
    ]);
  });

  test.each([
    ["nothing", "", "policy.yaml:1: Invalid input: expected object, received null"],
    ["no rules", "rules: []", "policy.yaml:1: rules: Too small"],
    ["another key", `rules:${GOOD}\ndefault: deny`, 'policy.yaml:1: Unrecognized key: "default"'],
    ["a key twice", "rules: []\nrules: []", "policy.yaml:2: Map keys must be unique"],
    ["a star without quotes", "rules:\n  - actions: [*]", "policy.yaml:2: Alias"],
    ["an alias to nowhere", "rules: [*nowhere]", "policy.yaml: ReferenceError"],
    ["who with nothing in it", `rules:${GOOD.replace("anyone", "{}")}`, "names no condition"],
    ["an empty pattern", `rules:${GOOD.replace("[alpha]", '[""]')}`, "1 to 512 characters"],
    [
      "a pattern that is too long",
      `rules:${GOOD.replace("[alpha]", `[${"a".repeat(513)}]`)}`,
      "1 to 512 characters",
    ],
    [
      "a value of more than three stars",
      `rules:${GOOD.replace("anyone", '{claims: {ref: "a*b*c*d*e"}}')}`,
      "a value has at most 3 stars",
    ],
    [
      "a rule against a claim of no value, which would hold for nobody",
      `rules:${GOOD.replace("anyone", "{claims: {ref: []}}").replace("allow", "deny")}`,
      "rules.0.who.claims.ref: wants text or a list of texts",
    ],
    [
      "a rule against claims that are none",
      `rules:${GOOD.replace("anyone", "{claims: {}}").replace("allow", "deny")}`,
      "rules.0.who.claims: names no claim",
    ],
    ["rules by name", "rules: {first: {}}", "policy.yaml:1: rules: Invalid input: expected array"],
    [
      "an exception of two claims",
      `rules:${GOOD}\n    unless: {claims: {a: x, b: y}}`,
      "one condition",
    ],
  ])("with %s is refused", (_what, text, fault) => {
    expect(faultsOf(text).join("\n")).toContain(fault);
  });

  test("whose rules are none is told so, rule by rule", () => {
    expect(faultsOf("rules:\n  - null\n  - text\n  - {id: 7}\n  - {id: 7}")).toEqual(
      expect.arrayContaining([
        "policy.yaml:2: rules.0: Invalid input: expected object, received null",
        "policy.yaml:3: rules.1: Invalid input: expected object, received string",
        "policy.yaml:4: rules.2.id: Invalid input: expected string, received number",
        "policy.yaml:5: rules.3.id: Invalid input: expected string, received number",
      ]),
    );
    expect(faultsOf("rules:\n  - {id: 7}\n  - {id: 7}").join("\n")).not.toContain("already");
  });

  test("that explodes when it is unfolded is refused", () => {
    const bomb = ["b", "c", "d", "e", "f", "g", "h", "i"].map((name, index) => {
      const before = String.fromCharCode(name.charCodeAt(0) - 1);
      return `${name}: &${name} [${`*${before},`.repeat(9)}${index}]`;
    });
    expect(faultsOf(["a: &a [x]", ...bomb, "rules: *i"].join("\n"))).toHaveLength(1);
  });

  test("that is endless is refused", () => {
    expect(faultsOf(`rules:${GOOD}\n#${"x".repeat(5_000_000)}`)).toEqual([
      "policy.yaml: is longer than 4 MiB",
    ]);
  });
});

/** Two rules, and whether the first hides the second. */
const HIDING: readonly (readonly [what: string, first: string, second: string, hides: boolean])[] =
  [
    ["the same", "repositories: [a/**]", "repositories: [a/**]", true],
    ["everything and a part", 'repositories: ["**"]', 'repositories: ["${team}/**"]', true],
    ["a folder and a part of it", "repositories: [a/**]", "repositories: [a/b, a/c/**]", true],
    ["a folder and more than it", "repositories: [a/**]", "repositories: [a/b, b/c]", false],
    ["a namespace and a folder in it", "namespaces: [a]", "repositories: [a/**, a]", true],
    ["a folder and its namespace", "repositories: [a/**]", "namespaces: [a]", false],
    ["a pattern and a name that fits", 'repositories: ["*/b"]', "repositories: [a/b]", true],
    ["a pattern and another", 'repositories: ["a*/**"]', 'repositories: ["ab*/**"]', false],
    [
      "a template and a name that may fit",
      'repositories: ["${team}/*"]',
      "repositories: [a/b]",
      false,
    ],
    ["fewer conditions and more", "who: {realms: [x, y]}", "who: {realms: [x], teams: [t]}", true],
    ["more conditions and fewer", "who: {realms: [x], teams: [t]}", "who: {realms: [x]}", false],
    ["a condition and everybody", "who: {realms: [x]}", "who: anyone", false],
    ["who is logged in and robots", "who: logged-in", "who: {kinds: [robot]}", true],
    ["who is logged in and a realm", "who: logged-in", "who: {realms: [x]}", false],
    ["an exception and none", "unless: {uids: [a]}", "effect: deny", false],
    ["the same exceptions", "unless: {uids: [a]}", "unless: {uids: [a]}", true],
    ["none and an exception", "effect: deny", "unless: {uids: [a]}", true],
    [
      "wide scopes and narrow ones",
      "who: {scopes: {anyOf: [a, b]}}",
      "who: {scopes: {anyOf: [a]}}",
      true,
    ],
    [
      "narrow scopes and wide ones",
      "who: {scopes: {allOf: [a, b]}}",
      "who: {scopes: {allOf: [a]}}",
      false,
    ],
    ["a claim and two of them", "who: {claims: {a: [x, y]}}", "who: {claims: {a: x, b: y}}", true],
    ["two claims and one of them", "who: {claims: {a: x, b: y}}", "who: {claims: {a: x}}", false],
    ["all actions and one", 'actions: ["*"]', "actions: [delete]", true],
    ["one action and all", "actions: [push]", 'actions: ["*"]', false],
  ];

describe("warnings", () => {
  test.each(HIDING)("of hidden rules: %s", (_what, first, second, hides) => {
    const text = `rules:\n${rule("first", first)}\n${rule("second", second)}\n`;
    const hidden = loadPolicy("p", text).warnings.filter((warning) => warning.includes("never"));
    const line = 3 + rule("first", first).split("\n").length - 1;
    expect(hidden).toEqual(
      hides
        ? [
            `p:${line}: rule second never decides anything: first before it decides all that it is about`,
          ]
        : [],
    );
  });

  test("name all rules that hide one together", () => {
    const rules = [rule("push", "actions: [push]"), rule("rest", "actions: [pull, delete]")];
    const { warnings } = loadPolicy(
      "p",
      `rules:\n${rules.join("\n")}\n${rule("all", 'actions: ["*"]')}\n`,
    );
    expect(warnings).toEqual([expect.stringMatching(/: rule all never .*: rest, push before/)]);
  });

  test("of uids without a realm are not about denials: those deny too much rather than too little", () => {
    const denial = rule("one", "who: {uids: [bob]}", 'repositories: ["**"]');
    const { warnings } = loadPolicy("p", `rules:\n${denial.replace("allow", "deny")}\n`);
    expect(warnings).toEqual([]);
  });

  test.each([
    ["uids: [bob]", 'repositories: ["**"]', true],
    ["uids: [bob], realms: [/services]", 'repositories: ["**"]', false],
    ["uids: [bob], kinds: [ldap]", 'repositories: ["**"]', false],
    ["scopes: {anyOf: [x]}", 'repositories: ["users/${uid}/**"]', true],
    ["scopes: {anyOf: [x]}", 'repositories: ["${realm}/${uid}/**"]', false],
  ])("of uids without a realm: who %s, %s", (who, about, warns) => {
    const { warnings } = loadPolicy("p", `rules:\n${rule("one", `who: {${who}}`, about)}\n`);
    expect(warnings.filter((warning) => warning.includes("by uid alone"))).toHaveLength(
      warns ? 1 : 0,
    );
  });
});

function rule(id: string, ...lines: readonly string[]): string {
  const all = lines.join("\n");
  const filled = [
    ...lines,
    ...(all.includes("effect:") ? [] : ["effect: allow"]),
    ...(all.includes("actions:") ? [] : ["actions: [push]"]),
    ...(/repositories:|namespaces:/.test(all) ? [] : ['repositories: ["**"]']),
    ...(all.includes("who:") ? [] : ["who: anyone"]),
  ];
  return `  - id: ${id}\n${filled.map((line) => `    ${line}`).join("\n")}`;
}

function faultsOf(text: string): readonly string[] {
  try {
    loadPolicy("policy.yaml", text);
    return [];
  } catch (error) {
    if (error instanceof YamlFileError) return error.faults;
    throw error;
  }
}
