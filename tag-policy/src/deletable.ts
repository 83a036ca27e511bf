import type { TagRule } from "./tag-rule.js";

/**
 * A tag that may change may also go, unless its rule says otherwise; what never changes stays, unless its rule
 * says otherwise. A locked tag is as an immutable one: a rule for mutable tags cannot let it go.
 *
 * @param rule - the rule for the tag
 * @param locked - whether it was locked
 * @returns whether those who may delete may delete it
 */
export function isDeletable(rule: TagRule, locked: boolean): boolean {
  if (rule.mutability === "mutable" && locked) return false;
  return rule.deletable ?? (rule.mutability === "mutable" && rule.appendOnly !== true);
}
