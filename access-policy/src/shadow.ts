import { everyAction, globTexts } from "./compile.js";
import { matchesGlob, repositoryGlob } from "./glob.js";
import type { Conditions, PolicyAction, RuleSpec } from "./rule.js";

/** A rule that can never decide, because earlier ones decide all that it is about. */
export interface Shadowed {
  readonly index: number;
  /** Ids of the earlier rules. */
  readonly by: readonly string[];
}

/** One action on one pattern of a rule. */
interface Part {
  readonly action: PolicyAction;
  /** `null` for the catalog. */
  readonly glob: string | null;
}

/**
 * Finds rules that can never decide. Says so only where it is certain: a rule that is hidden by the
 * interplay of several patterns or conditions can go unnoticed.
 *
 * @param rules - well-formed rules, in order
 * @returns those that earlier ones hide
 */
export function shadowedRules(rules: readonly RuleSpec[]): Shadowed[] {
  return rules.flatMap((rule, index) => {
    const earlier = rules.slice(0, index).filter((other) => isAboutAllOf(other, rule));
    const hiding = partsOf(rule).map((part) => earlier.find((other) => coversPart(other, part)));
    if (hiding.includes(undefined)) return [];
    return [{ index, by: [...new Set(hiding.flatMap((other) => other?.id ?? []))] }];
  });
}

function partsOf(rule: RuleSpec): Part[] {
  const globs = globTexts(rule);
  return [...everyAction(rule.actions)].flatMap((action): Part[] =>
    action === "catalog" ? [{ action, glob: null }] : globs.map((glob) => ({ action, glob })),
  );
}

function coversPart(other: RuleSpec, { action, glob }: Part): boolean {
  if (!everyAction(other.actions).has(action)) return false;
  return glob === null || globTexts(other).some((wider) => coversGlob(wider, glob));
}

function coversGlob(wider: string, glob: string): boolean {
  if (wider === "**" || wider === glob) return true;
  if (wider.includes("$")) return false;
  if (!/[*$]/.test(glob)) return matchesGlob(repositoryGlob(wider), glob);
  const below = wider.endsWith("/**") ? wider.slice(0, -2) : null;
  return below !== null && !below.includes("*") && glob.startsWith(below);
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
  const { claims, scopes, ...lists } = wider;
  return (
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
