import { everyAction, globTexts } from "./compile.js";
import { repositoryGlob, type Glob } from "./glob.js";
import { matchesGlob } from "./glob-match.js";
import type { Conditions, PolicyAction, RuleSpec } from "./rule.js";

/** A rule that can never decide, because earlier ones decide all that it is about. */
export interface Shadowed {
  readonly index: number;
  /** Ids of the earlier rules. */
  readonly by: readonly string[];
}

/** A rule with its patterns read once. */
interface Prepared {
  readonly rule: RuleSpec;
  readonly actions: ReadonlySet<PolicyAction>;
  readonly globs: readonly Glob[];
}

/** One action on one pattern of a rule. */
interface Part {
  readonly action: PolicyAction;
  /** `null` for the catalog. */
  readonly glob: Glob | null;
}

/**
 * Finds rules that can never decide. Says so only where it is certain: a rule that is hidden by the
 * interplay of several patterns or conditions can go unnoticed.
 *
 * @param rules - well-formed rules, in order
 * @returns those that earlier ones hide
 */
export function shadowedRules(rules: readonly RuleSpec[]): Shadowed[] {
  const prepared = rules.map((rule) => ({
    rule,
    actions: everyAction(rule.actions),
    globs: globTexts(rule).map(repositoryGlob),
  }));
  return prepared.flatMap((one, index) => {
    const by = hidingRules(one, prepared.slice(0, index));
    return by === null ? [] : [{ index, by }];
  });
}

/** Ids of the earlier rules that together decide all that a rule is about; `null` if they do not. */
function hidingRules(one: Prepared, earlier: readonly Prepared[]): string[] | null {
  const ids = new Set<string>();
  for (const part of partsOf(one)) {
    const hiding = earlier.find(
      (other) => coversPart(other, part) && isAboutAllOf(other.rule, one.rule),
    );
    if (hiding === undefined) return null;
    ids.add(hiding.rule.id);
  }
  return [...ids];
}

function partsOf({ actions, globs }: Prepared): Part[] {
  return [...actions].flatMap((action): Part[] =>
    action === "catalog" ? [{ action, glob: null }] : globs.map((glob) => ({ action, glob })),
  );
}

function coversPart({ actions, globs }: Prepared, { action, glob }: Part): boolean {
  if (!actions.has(action)) return false;
  return glob === null || globs.some((wider) => coversGlob(wider, glob));
}

function coversGlob(wider: Glob, glob: Glob): boolean {
  if (wider.text === "**" || wider.text === glob.text) return true;
  if (wider.variables.length > 0) return false;
  if (glob.tokens.length === 1 && glob.prefix !== "") return matchesGlob(wider, glob.prefix);
  const isAllBelow = wider.text === `${wider.prefix}**`;
  return isAllBelow && glob.prefix.startsWith(wider.prefix);
}

/** Whether every caller that `rule` is about is one that `other` is about. */
function isAboutAllOf(other: RuleSpec, rule: RuleSpec): boolean {
  const sameException =
    other.unless === undefined || JSON.stringify(other.unless) === JSON.stringify(rule.unless);
  return sameException && coversWho(other.who, rule.who);
}

function coversWho(wider: RuleSpec["who"], who: RuleSpec["who"]): boolean {
  if (wider === "anyone" || wider === who) return true;
  if (wider === "logged-in")
    return typeof who === "object" && who.kinds !== undefined && !who.kinds.includes("anonymous");
  return typeof who === "object" && coversConditions(wider, who);
}

function coversConditions(wider: Conditions, who: Conditions): boolean {
  const { claims, scopes, registry, privileges, apps, service, ...lists } = wider;
  const others = { registry, privileges, apps, service };
  return (
    // Of these only the same is known to be about the same.
    Object.entries(others).every(
      ([key, value]) =>
        value === undefined ||
        JSON.stringify(value) === JSON.stringify(who[key as keyof typeof others]),
    ) &&
    Object.entries(lists).every(([key, values]) =>
      includesAll(values, who[key as keyof typeof lists]),
    ) &&
    includesAll(scopes?.anyOf, who.scopes?.anyOf) &&
    includesAll(who.scopes?.allOf ?? [], scopes?.allOf ?? []) &&
    Object.entries(claims ?? {}).every(([name, values]) => includesAll(values, who.claims?.[name]))
  );
}

/** An absent list is no condition at all: it includes everything. */
function includesAll(
  wider: readonly string[] | undefined,
  list: readonly string[] | undefined,
): boolean {
  if (wider === undefined) return true;
  return list?.every((value) => wider.includes(value)) ?? false;
}
