import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compilePolicy } from "#access-policy/compile.js";
import { decide } from "#access-policy/decide.js";
import { explain } from "#access-policy/explain.js";
import { isComponent, repositoryGlob, textGlob } from "#access-policy/glob.js";
import { matchesGlob } from "#access-policy/glob-match.js";
import type { AccessLimit } from "#access-policy/identity.js";
import { shadowedRules } from "#access-policy/shadow.js";
import type { Action, Resource } from "#registry-protocol/scope.js";
import { actions, callers, patterns, resources, ruleLists, rules } from "./arbitraries.js";
import type { Caller } from "./asking.js";

const MANY = { numRuns: 1_000 };
const questions = [callers(), resources(), actions()] as const;

describe("any policy", () => {
  test("lets nobody pass the limits of their login", () => {
    fc.assert(
      fc.property(ruleLists(), ...questions, (list, caller, resource, action) => {
        const { identity } = caller;
        if (identity.limits === null || resource.type === "registry") return;
        if (ask(list, caller, resource, action) !== true) return;
        for (const part of action === "*" ? ["pull", "push", "delete"] : [action])
          expect(identity.limits.some((limit) => covers(limit, part, resource.name))).toBe(true);
      }),
      MANY,
    );
  });

  test("lets nobody in particular and machines neither push nor delete", () => {
    fc.assert(
      fc.property(ruleLists(), ...questions, (list, caller, resource, action) => {
        const kind = caller.identity.kind;
        if ((kind !== "anonymous" && kind !== "machine") || resource.type === "registry") return;
        if (action !== "pull") expect(ask(list, caller, resource, action)).toBe(false);
      }),
      MANY,
    );
  });

  test("answers a question for everything at once as its parts together", () => {
    fc.assert(
      fc.property(ruleLists(), callers(), resources(), (list, caller, resource) => {
        const parts = (["pull", "push", "delete"] as const).map((action) =>
          ask(list, caller, resource, action),
        );
        const together = parts.includes(false)
          ? false
          : parts.includes("teams-needed")
            ? "teams-needed"
            : true;
        expect(ask(list, caller, resource, "*")).toBe(together);
      }),
      MANY,
    );
  });

  test("says without teams only what it says with any teams", () => {
    fc.assert(
      fc.property(ruleLists(), callers(), ...questions, (list, other, caller, resource, action) => {
        const early = ask(list, { ...caller, teams: null }, resource, action);
        const late = ask(list, { ...caller, teams: other.teams ?? [] }, resource, action);
        expect(late).not.toBe("teams-needed");
        if (early !== "teams-needed") expect(late).toBe(early);
      }),
      MANY,
    );
  });

  test("never allows more once a denial stands first", () => {
    fc.assert(
      fc.property(ruleLists(), rules(), ...questions, (list, rule, caller, resource, action) => {
        const known = { ...caller, teams: caller.teams ?? [] };
        const denial = { ...rule, id: "denial", effect: "deny" as const };
        if (ask([denial, ...list], known, resource, action) === true)
          expect(ask(list, known, resource, action)).toBe(true);
      }),
      MANY,
    );
  });

  test("never allows less once a permission stands first", () => {
    fc.assert(
      fc.property(ruleLists(), rules(), ...questions, (list, rule, caller, resource, action) => {
        const known = { ...caller, teams: caller.teams ?? [] };
        const permission = { ...rule, id: "permission", effect: "allow" as const };
        if (ask(list, known, resource, action) === true)
          expect(ask([permission, ...list], known, resource, action)).toBe(true);
      }),
      MANY,
    );
  });

  test("is explained as it is decided, in JSON of bounded size", () => {
    fc.assert(
      fc.property(ruleLists(), ...questions, (list, caller, resource, action) => {
        const policy = compilePolicy(list);
        const told = explain(policy, caller, resource, action, caller);
        expect(told.decision).toEqual(decide(policy, caller, resource, action, caller));
        const json: unknown = JSON.parse(JSON.stringify(told));
        expect(json).toEqual(told);
        expect(JSON.stringify(told).length).toBeLessThan(10_000);
      }),
      MANY,
    );
  });

  test("decides the same without the rules that are said to be hidden", () => {
    fc.assert(
      fc.property(ruleLists(), ...questions, (list, caller, resource, action) => {
        const hidden = shadowedRules(list).map(({ index }) => index);
        const known = { ...caller, teams: caller.teams ?? [] };
        const rest = list.filter((_rule, index) => !hidden.includes(index));
        expect(ask(rest, known, resource, action)).toBe(ask(list, known, resource, action));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("a template", () => {
  test("lets no value reach beyond one path component", () => {
    const values = fc.oneof(fc.string(), fc.constantFrom("alice", "alice/beta", "alice/", "*", ""));
    fc.assert(
      fc.property(values, resources(), (value, resource) => {
        if (resource.type === "registry") return;
        const pattern = repositoryGlob("**/${uid}/**");
        if (!matchesGlob(pattern, resource.name, () => new Set([value]))) return;
        expect(isComponent(value)).toBe(true);
        expect(resource.name.split("/")).toContain(value);
      }),
      MANY,
    );
  });
});

describe("a pattern", () => {
  test("matches what the same regular expression matches", () => {
    fc.assert(
      fc.property(patterns(), resources(), (text, resource) => {
        const plain = text.replace(/\$\{[^}]*\}/g, "*");
        const matches = matchesGlob(repositoryGlob(plain), resource.name);
        expect(matches).toBe(asRegExp(plain).test(resource.name));
      }),
      { numRuns: 3_000 },
    );
  });

  test("over any text matches what the same regular expression matches", () => {
    const written = fc.array(fc.constantFrom("a", "b", "/", "*", "**", "ab"), { maxLength: 8 });
    const text = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 10 });
    fc.assert(
      fc.property(written, text, (parts, characters) => {
        const glob = parts.join("").replace(/\*{2,}/g, "**");
        const wanted = new RegExp(
          `^${glob.replace(/\*+/g, (stars) => (stars === "*" ? "[^/]*" : ".*"))}$`,
        );
        const value = characters.join("");
        expect(matchesGlob(textGlob(glob), value)).toBe(wanted.test(value));
      }),
      { numRuns: 5_000 },
    );
  });

  // Matched by backtracking this would outlast any time limit.
  test("is matched to its end, however many stars it has", () => {
    const pattern = repositoryGlob(`${"*a".repeat(60)}/${"**/*a*/".repeat(30)}x`);
    expect(matchesGlob(pattern, `${"a".repeat(100)}/${"aa/".repeat(50)}b`)).toBe(false);
  });
});

function ask(
  list: Parameters<typeof compilePolicy>[0],
  caller: Caller,
  resource: Resource,
  action: Action,
): boolean | "teams-needed" {
  return decide(compilePolicy(list), caller, resource, action, caller).allow;
}

function covers(limit: AccessLimit, action: string, name: string): boolean {
  return limit.actions.some((one) => one === action) && asRegExp(limit.repositories).test(name);
}

/** The meaning of patterns, said in another way. Templates and what is malformed match nothing. */
function asRegExp(pattern: string): RegExp {
  if (!/^(?:[a-z*]+\/)*[a-z*]+$/.test(pattern) || pattern.includes("***")) return /^(?!)/;
  const expression = pattern
    .replace(/(^|\/)\*\*(?=\/)/g, "$1<dirs>")
    .replace(/<dirs>\//g, "(?:[^/]+/)<star>")
    .replace(/\*\*$/, "[^/]+(?:/[^/]+)<star>")
    .replace(/\*/g, "[^/]*")
    .replaceAll("<star>", "*");
  return new RegExp(`^${expression}$`);
}
