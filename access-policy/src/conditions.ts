import {
  appsTest,
  privilegesTest,
  registryTest,
  restrictedTest,
  serviceTest,
} from "./directory-conditions.js";
import type { Condition, Test } from "./condition.js";
import { textGlob } from "./glob.js";
import { matchesGlob } from "./glob-match.js";
import { networks } from "./networks.js";
import type { Identity } from "./identity.js";
import type { Conditions, Effect, RuleSpec } from "./rule.js";
import { verb } from "./sentences.js";
import { claimValues, nameOf } from "./template.js";

type Compile<K extends keyof Conditions> = (
  wanted: NonNullable<Conditions[K]>,
  context: CompileContext,
) => Test | readonly Test[];

interface CompileContext {
  /** What a condition on the address, or the registry, says while that is not known: never what helps the caller. */
  readonly unknown: boolean;
}

/** From the least personal to the most: a refusal tells of the rule that came the farthest. */
const COMPILE: { readonly [K in keyof Conditions]-?: Compile<K> } = {
  kinds: (wanted) => ({
    holds: ({ identity }) => wanted.some((kind) => kind === identity.kind),
    whyNot: ({ identity, action }) =>
      `a login of kind ${identity.kind} may not ${verb(action)} here`,
  }),
  addresses: (wanted, { unknown }) => {
    const ranges = networks(wanted);
    return {
      holds: ({ address }) => (address === null ? unknown : ranges.has(address)),
      whyNot: ({ address, action }) =>
        address === null
          ? "your network address is not known"
          : `from ${address.address} nobody may ${verb(action)} here`,
    };
  },
  realms: (wanted) => ({
    holds: ({ identity }) => wanted.includes(identity.realm),
    whyNot: ({ identity, action }) => `realm ${identity.realm || "(none)"} may not ${verb(action)}`,
  }),
  uids: (wanted) => ({
    holds: ({ identity }) => wanted.includes(identity.uid),
    whyNot: ({ identity, action }) =>
      `${nameOf(identity)} is not one of those who may ${verb(action)}`,
  }),
  claims: compileClaims,
  scopes: ({ anyOf = [], allOf = [] }) => ({
    holds: ({ identity: { scopes } }) =>
      allOf.every((scope) => scopes.includes(scope)) &&
      (anyOf.length === 0 || anyOf.some((scope) => scopes.includes(scope))),
    whyNot: ({ identity: { scopes } }) => {
      const missing = allOf.filter((scope) => !scopes.includes(scope));
      const lacking = missing.length > 0 ? missing.join(" and ") : anyOf.join(" or ");
      return `the token lacks the scope ${lacking}`;
    },
  }),
  registry: ({ restricted, published, responsible }, { unknown }) => [
    ...(restricted === undefined ? [] : [restrictedTest(restricted, unknown)]),
    ...(published === undefined ? [] : [registryTest("publications", unknown)]),
    ...(responsible === undefined ? [] : [registryTest("responsibles", unknown)]),
  ],
  privileges: privilegesTest,
  apps: ({ responsible, published }) => [
    ...(responsible === undefined ? [] : [appsTest("responsibles", responsible)]),
    ...(published === undefined ? [] : [appsTest("publications", published)]),
  ],
  service: ({ app }) => serviceTest(app),
  teams: (wanted) => ({
    holds: ({ teams }) =>
      teams === null ? "teams-needed" : wanted.some((team) => teams.includes(team)),
    whyNot: ({ identity }) => `${nameOf(identity)} is not in team ${wanted.join(" or ")}`,
  }),
};

const ORDER = Object.keys(COMPILE) as readonly (keyof Conditions)[];

/** Rank of an exception; what a template stands for comes after it. */
const UNLESS_RANK = ORDER.length;
export const HIGHEST_RANK = UNLESS_RANK + 1;

const LOGGED_IN: Condition = {
  rank: 0,
  holds: ({ identity }) => identity.kind !== "anonymous",
  whyNot: ({ action }) => `log in to ${verb(action)}`,
};

/**
 * @param who - conditions as they are written
 * @param effect - effect of the rule they belong to
 * @returns each of them, ready to be asked
 * @throws NetworkError
 */
export function whoConditions(who: RuleSpec["who"], effect: Effect): Condition[] {
  if (who === "anyone") return [];
  if (who === "logged-in") return [LOGGED_IN];
  return compileAll(who, { unknown: effect === "deny" });
}

/**
 * @param exception - the one condition of `unless`
 * @param effect - effect of the rule it belongs to
 * @returns the condition that it does not hold
 * @throws NetworkError
 */
export function unlessCondition(exception: Conditions, effect: Effect): Condition[] {
  const what = Object.keys(exception).join(", ");
  return compileAll(exception, { unknown: effect === "allow" }).map((inner) => ({
    rank: UNLESS_RANK,
    holds: (question) => {
      const verdict = inner.holds(question);
      return verdict === "teams-needed" ? verdict : !verdict;
    },
    whyNot: ({ identity }) => `${nameOf(identity)} is excepted by ${what}`,
  }));
}

function compileAll(conditions: Conditions, context: CompileContext): Condition[] {
  return ORDER.flatMap((key) => compileOne(key, conditions, context));
}

function compileOne<K extends keyof Conditions>(
  key: K,
  conditions: Conditions,
  context: CompileContext,
): Condition[] {
  const wanted = conditions[key];
  // TypeScript does not see that the compiler found under a key takes what stands under that key.
  const compile = COMPILE[key] as Compile<K>;
  if (wanted === undefined) return [];
  return [compile(wanted, context)].flat().map((test) => ({ rank: ORDER.indexOf(key), ...test }));
}

function compileClaims(wanted: NonNullable<Conditions["claims"]>): Test {
  const claims = Object.entries(wanted).map(([name, values]) => ({
    name,
    values,
    globs: values.map(textGlob),
  }));
  type Claim = (typeof claims)[number];
  const fits = (identity: Identity, { name, globs }: Claim): boolean =>
    claimValues(identity, name).some((value) => globs.some((glob) => matchesGlob(glob, value)));
  // Claims can be long, and a refusal tells of them for each repository that was asked for.
  const missed = new WeakMap<Identity, Claim | "none">();
  const missedBy = (identity: Identity): Claim | "none" => {
    const known = missed.get(identity);
    if (known !== undefined) return known;
    const found = claims.find((claim) => !fits(identity, claim)) ?? "none";
    missed.set(identity, found);
    return found;
  };
  return {
    holds: ({ identity }) => missedBy(identity) === "none",
    whyNot: ({ identity }) => {
      const claim = missedBy(identity);
      if (claim === "none") return "";
      const given = claimValues(identity, claim.name).join(", ");
      return `claim ${claim.name} is ${given || "not given"}, wanted is ${claim.values.join(" or ")}`;
    },
  };
}
