import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compilePolicy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import { readView } from "#access-policy/read-view.js";
import { viewOf, viewSchema, type View } from "#access-policy/view.js";
import { ANONYMOUS, oauthIdentity } from "#tests/support/identities.js";
import { callers, resources, ruleLists } from "./arbitraries.js";
import { policyOf } from "./asking.js";

const FROM_ANYWHERE = { address: null };
const names = () =>
  resources()
    .filter(({ type }) => type === "repository")
    .map(({ name }) => name as string);

describe("a view", () => {
  test("has a repository exactly when the policy grants to pull it", () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(
        ruleLists(),
        callers(),
        fc.array(resources(), { minLength: 10, maxLength: 10 }),
        (list, caller, repositories) => {
          const policy = compilePolicy(list);
          const subject = { ...caller, teams: caller.teams ?? [] };
          const view = sent(viewOf(policy, subject, caller));
          const { has, prefixes } = readView(view);
          for (const resource of repositories) {
            if (resource.type !== "repository") continue;
            const allowed = decide(policy, subject, resource, "pull", caller).allow;
            expect(has(resource.name)).toBe(allowed);
            if (allowed === true)
              expect(prefixes.some((prefix) => resource.name.startsWith(prefix))).toBe(true);
            seen[allowed === true ? "yes" : "no"] += 1;
          }
        },
      ),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(1_000);
  });

  test("without teams is what it is with any teams, or says that it takes them", () => {
    fc.assert(
      fc.property(ruleLists(), callers(), callers(), names(), (list, caller, other, name) => {
        const policy = compilePolicy(list);
        const early = viewOf(policy, { ...caller, teams: null }, caller);
        if (early === "teams-needed") return;
        const late = viewOf(policy, { ...caller, teams: other.teams ?? [] }, caller);
        expect(readView(sent(late)).has(name)).toBe(readView(early).has(name));
      }),
      { numRuns: 1_000 },
    );
  });

  test("by Pier One's rules takes no teams", () => {
    const subject = { identity: oauthIdentity(), teams: null };
    expect(viewOf(DEFAULT_POLICY, subject, FROM_ANYWHERE)).toMatchObject({ rules: ["+**"] });
    const nobody = { identity: ANONYMOUS, teams: null };
    expect(viewOf(DEFAULT_POLICY, nobody, FROM_ANYWHERE)).toMatchObject({ rules: ["+**"] });
  });

  // prettier-ignore
  test.each<[string, View, readonly string[]]>([
    ["are those of what is allowed", { rules: ["-alpha/secret", "+alpha/app*", "+beta"], values: {}, limits: null }, ["alpha/app", "beta"]],
    ["are what a template stands for", { rules: ["+${team}/x/**"], values: { team: ["b", "a"] }, limits: null }, ["a/x/", "b/x/"]],
    ["are none of which another is the beginning", { rules: ["+alpha/**", "+alpha/app"], values: {}, limits: null }, ["alpha/"]],
    ["are bound by limits", { rules: ["+**"], values: {}, limits: ["alpha/app", "beta/**"] }, ["alpha/app", "beta/"]],
    ["are the longer ones of rules and limits", { rules: ["+alpha/**"], values: {}, limits: ["alpha/app", "beta/**", "*/x"] }, ["alpha/"]],
    ["are not those of limits that are elsewhere", { rules: ["+alpha/**"], values: {}, limits: ["alpha/app", "beta/**"] }, ["alpha/app"]],
    ["are none where nothing is allowed", { rules: ["-**"], values: {}, limits: null }, []],
    ["bound nothing where a pattern begins with a star", { rules: ["+alpha/**", "+*/app"], values: {}, limits: null }, [""]],
  ])("says what names begin with: they %s", (_title, view, prefixes) => {
    expect(readView(view).prefixes).toEqual(prefixes);
  });

  test("bounds names by no more beginnings than 1,000", () => {
    const below = (place: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${place}/x-${index}/**`);
    const prefixesOf = (rules: string[], limits: string[] | null) =>
      readView({ rules: rules.map((one) => `+${one}`), values: {}, limits }).prefixes;
    expect(prefixesOf(below("alpha", 1_000), null)).toHaveLength(1_000);
    expect(prefixesOf(below("alpha", 1_001), null)).toEqual([""]);
    const rules = [...below("alpha", 600), "beta/**"];
    const limits = [...below("beta", 600), "alpha/**"];
    expect(prefixesOf(rules, limits)).toHaveLength(601);
    expect(prefixesOf(rules, limits)).toContain("beta/");
  });

  test("is read once, however often it is asked for", () => {
    const view: View = { rules: ["+**"], values: {}, limits: null };
    expect(readView(view)).toBe(readView(view));
  });

  test("has no name that is none", () => {
    expect(readView({ rules: ["+**"], values: {}, limits: null }).has("Alpha//x")).toBe(false);
  });

  // prettier-ignore
  test.each<[rules: string[], limits: string[] | null, seen: string[]]>([
    [["+alpha/**"], null, ["alpha/app", "alpha/web"]],
    [["+**"], ["alpha/**"], ["alpha/app", "alpha/web"]],
    [["+**"], ["alpha/app", "beta/**"], ["alpha/app", "beta/app"]],
    [["-alpha/app", "+**"], ["alpha/**"], ["alpha/web"]],
    [["+beta/**"], ["alpha/**"], []],
    [["+**"], [], []],
  ])("of %j within %j has %j, and nothing else", (rules, limits, seen) => {
    const { has } = readView({ rules, values: {}, limits });
    expect(["alpha/app", "alpha/web", "beta/app", "gamma"].filter(has)).toEqual(seen);
  });

  test("goes by the address that is asked from", () => {
    const policy = policyOf([{ actions: ["pull"], who: { addresses: ["10.0.0.0/8"] } }]);
    const subject = { identity: oauthIdentity(), teams: [] };
    const from = (address: string | null) => readView(sent(viewOf(policy, subject, { address })));
    expect(from("10.1.2.3").has("alpha/app")).toBe(true);
    expect(from("192.0.2.1").has("alpha/app")).toBe(false);
    expect(from(null).has("alpha/app")).toBe(false);
  });
});

/** As it is where it was sent to. */
function sent(view: View | "teams-needed"): View {
  return viewSchema.parse(JSON.parse(JSON.stringify(view)));
}
