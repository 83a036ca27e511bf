import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compilePolicy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import { allowsEverywhere } from "#access-policy/everywhere.js";
import { repositoryGlob } from "#access-policy/glob.js";
import { globAutomaton } from "#access-policy/glob-automaton.js";
import { matchesGlob } from "#access-policy/glob-match.js";
import type { Identity } from "#access-policy/identity.js";
import { stepGrammar, type GrammarState } from "#access-policy/name-grammar.js";
import { isRepositoryName } from "#registry-protocol/repository-name.js";
import { oauthIdentity, UNRESTRICTED } from "#tests/support/identities.js";
import { callers, patterns, resources, ruleLists } from "./arbitraries.js";
import { policyOf, repository, type RuleDraft } from "./asking.js";

const MANY = { numRuns: 1_000 };
const ACTIONS = ["pull", "push", "delete"] as const;
const plainPatterns = () => patterns().filter((text) => !text.includes("${"));

describe("what is allowed everywhere", () => {
  test("is allowed in each repository that fits, and what is not is refused in the example", () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(
        ruleLists(),
        callers(),
        plainPatterns(),
        fc.constantFrom(...ACTIONS),
        fc.array(resources(), { minLength: 20, maxLength: 20 }),
        (list, caller, pattern, action, repositories) => {
          const policy = compilePolicy(list);
          const subject = { ...caller, teams: caller.teams ?? [] };
          const glob = repositoryGlob(pattern);
          const answer = allowsEverywhere(policy, subject, glob, action, caller);
          if (!answer.allow) {
            seen.no += 1;
            const example = repository(answer.example ?? "");
            expect(matchesGlob(glob, example.name)).toBe(true);
            expect(decide(policy, subject, example, action, caller).allow).toBe(false);
            return;
          }
          seen.yes += 1;
          for (const resource of repositories)
            if (resource.type === "repository" && matchesGlob(glob, resource.name))
              expect(decide(policy, subject, resource, action, caller).allow).toBe(true);
        },
      ),
      { numRuns: 5_000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(50);
  });

  test("from anywhere is allowed from each address", () => {
    fc.assert(
      fc.property(
        ruleLists(),
        callers(),
        plainPatterns(),
        resources(),
        (list, caller, pattern, resource) => {
          const policy = compilePolicy(list);
          const subject = { ...caller, teams: caller.teams ?? [] };
          const glob = repositoryGlob(pattern);
          if (resource.type !== "repository" || !matchesGlob(glob, resource.name)) return;
          if (!allowsEverywhere(policy, subject, glob, "push", null).allow) return;
          for (const address of [null, "10.1.2.3", "192.0.2.1", "fd00::1", "198.51.100.1"])
            expect(decide(policy, subject, resource, "push", { address }).allow).toBe(true);
        },
      ),
      MANY,
    );
  });

  test("is told of patterns exactly as they match", () => {
    const texts = fc.oneof(
      resources().map(({ name }) => name as string),
      fc
        .array(fc.constantFrom("a", "l", "/", "alpha", "-"), { maxLength: 8 })
        .map((parts) => parts.join("")),
    );
    const values = (variable: string) =>
      new Set(variable === "team" ? ["alpha", "a/l", "-", "al"] : ["alice"]);
    fc.assert(
      fc.property(patterns(), texts, (pattern, text) => {
        const glob = repositoryGlob(pattern);
        const automaton = globAutomaton(glob, values);
        const end = text
          .split("")
          .reduce((states, one) => automaton.step(states, one), automaton.start);
        expect(automaton.accepts(end)).toBe(matchesGlob(glob, text, values));
        if (automaton.acceptsAll(end)) expect(matchesGlob(glob, `${text}zz/9`, values)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test("knows the grammar of names as the parser does", () => {
    const texts = fc.array(fc.constantFrom("a", "7", "/", ".", "_", "-", "A"), { maxLength: 9 });
    fc.assert(
      fc.property(texts, (characters) => {
        const end = characters.reduce<GrammarState | null>(
          (state, one) => (state === null ? null : stepGrammar(state, one)),
          "component",
        );
        expect(end === "name").toBe(isRepositoryName(characters.join("")));
      }),
      { numRuns: 5_000 },
    );
  });
});

type Row = readonly [title: string, rules: readonly RuleDraft[], pattern: string, answer: string];

const ALICE = { identity: oauthIdentity(), teams: ["alpha"] };

describe("a push is allowed everywhere", () => {
  // prettier-ignore
  test.each<Row>([
    ["in the team's own namespace", [{ repositories: ["${team}/**"] }], "alpha/**", "yes"],
    ["in a part of it", [{ repositories: ["${team}/**"] }], "alpha/app-*", "yes"],
    ["by two rules together", [{ repositories: ["alpha/a*", "alpha/a*/**"] }, { repositories: ["alpha/**"] }], "alpha/**", "yes"],
    ["where a denial is about others", [{ effect: "deny", who: { uids: ["bob"] } }, {}], "alpha/**", "yes"],
    ["where a denial comes too late", [{ repositories: ["alpha/**"] }, { effect: "deny" }], "alpha/**", "yes"],
    ["but not beside a hole", [{ effect: "deny", repositories: ["alpha/secret/**"] }, { repositories: ["${team}/**"] }], "alpha/**", "no: rule r1 denies push to alpha/secret/x"],
    ["but not where two rules leave a gap", [{ repositories: ["alpha/a*"] }, { repositories: ["alpha/b*"] }], "alpha/*", "no: no rule allows push to alpha/x"],
    ["but not in another team's", [{ repositories: ["${team}/**"] }], "beta/**", "no: alice is not in team beta"],
    ["but not where the pattern is wider", [{ repositories: ["alpha/*"] }], "alpha/**", "no: no rule allows push to alpha/x/x"],
    ["but not from one network alone", [{ who: { addresses: ["10.0.0.0/8"] } }], "alpha/**", "no: your network address is not known"],
    ["but not where one network is denied", [{ effect: "deny", who: { addresses: ["10.0.0.0/8"] } }, {}], "alpha/**", "no: rule r1 denies push to alpha/x"],
    ["but not where all but one network are denied", [{ effect: "deny", unless: { addresses: ["10.0.0.0/8"] } }, {}], "alpha/**", "no: rule r1 denies push to alpha/x"],
    ["but not outside the login's limits", [{}], "alpha/**", "no: alice may only push in alpha/app"],
  ])("%s", (title, rules, pattern, answer) => {
    const limits = title.includes("limits") ? [{ repositories: "alpha/app", actions: ["push"] as const }] : null;
    const subject = { ...ALICE, identity: oauthIdentity({ limits }) };
    const told = allowsEverywhere(policyOf(rules), subject, repositoryGlob(pattern), "push", null);
    expect(told.allow ? "yes" : `no: ${told.reason}`).toBe(answer);
  });

  test("for nobody in particular and machines nowhere, whatever the rules say", () => {
    for (const kind of ["anonymous", "machine"] as const)
      expect(managed(policyOf([{}]), { kind }, "push")).toContain("no: ");
  });

  test("for everybody while authentication is off", () => {
    const subject = { identity: UNRESTRICTED, teams: [] };
    const told = allowsEverywhere(policyOf([]), subject, repositoryGlob("**"), "push", null);
    expect(told.allow).toBe(true);
  });

  test("or nothing is told, in a bounded time", () => {
    const stars = ["a", "b", "c", "d", "e"].map((one) => `**/${one}*x*${one}*y`);
    const rules = stars.map((one, index) => ({
      effect: index % 2 === 0 ? ("deny" as const) : ("allow" as const),
      repositories: [`${one}*z*/**/q*`, one],
    }));
    const began = performance.now();
    const hidden = [{ repositories: ["**/*a*a*a*"] }, ...rules, {}];
    allowsEverywhere(policyOf(hidden), ALICE, repositoryGlob("alpha/**"), "push", null);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test("or it cannot be told, which is a no", () => {
    const letters = ["a", "b", "c", "d", "e", "f"];
    const winding = letters.map((one, index) => ({
      repositories: [`alpha/*${one}*${letters[(index + 1) % letters.length] ?? ""}*${one}`],
    }));
    const windingPolicy = policyOf([...winding, { repositories: ["alpha/**"] }]);
    const told = allowsEverywhere(windingPolicy, ALICE, repositoryGlob("alpha/*"), "push", null);
    expect(told).toMatchObject({
      allow: false,
      example: null,
      reason: expect.stringContaining("cannot be told for every repository in alpha/*"),
    });
  });

  test("but not where a claim has a slash: it stands for one component or for nothing", () => {
    const identity = oauthIdentity({ claims: { place: "alpha/app" } });
    const policy = policyOf([{ repositories: ["${claim.place}/**"] }]);
    const glob = repositoryGlob("alpha/app/**");
    expect(allowsEverywhere(policy, { identity, teams: [] }, glob, "push", null).allow).toBe(false);
  });
});

describe("by the default rules robots are managed", () => {
  test.each<[string, Partial<Identity>, string]>([
    ["by employees of the team", {}, "yes"],
    [
      "by services of the team that may push",
      { realm: "/services", scopes: ["application.write"] },
      "yes",
    ],
    [
      "by services that may push everywhere",
      { realm: "/services", scopes: ["application.write_all"] },
      "yes",
    ],
    [
      "but not by services that may not push",
      { realm: "/services" },
      "no: the token lacks the scope application.write",
    ],
    [
      "but not by other realms",
      { realm: "/customers" },
      "no: realm /customers may not manage robots",
    ],
    ["but not by machines", { kind: "machine" }, "no: machines may only pull"],
    [
      "but not by robots",
      { kind: "robot", limits: [{ repositories: "alpha/**", actions: ["push"] }] },
      "no: robots cannot manage robots",
    ],
    ["but not by nobody in particular", { kind: "anonymous" }, "no: log in to manage robots"],
  ])("%s", (_title, known, answer) => {
    expect(managed(DEFAULT_POLICY, known, "manage")).toBe(answer);
  });

  test("but not by members of another team", () => {
    const subject = { identity: oauthIdentity({ uid: "bob" }), teams: ["beta"] };
    const told = allowsEverywhere(
      DEFAULT_POLICY,
      subject,
      repositoryGlob("alpha/**"),
      "manage",
      null,
    );
    expect(told).toMatchObject({ allow: false, reason: "bob is not in team alpha" });
  });
});

function managed(
  policy: Parameters<typeof allowsEverywhere>[0],
  known: Partial<Identity>,
  action: "push" | "manage",
): string {
  const subject = { identity: oauthIdentity(known), teams: ["alpha"] };
  const told = allowsEverywhere(policy, subject, repositoryGlob("alpha/**"), action, null);
  return told.allow ? "yes" : `no: ${told.reason}`;
}
