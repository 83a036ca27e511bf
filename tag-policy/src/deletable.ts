import type { TagRule } from "./tag-rule.js";

/**
 * A tag that may change may also go, unless its rule says otherwise; what never changes stays, unless its rule
 * says otherwise. A lock keeps a tag for good: no rule can let it go, of now or of later.
 *
 * @param rule - the rule for the tag
 * @param locked - whether it was locked
 * @returns whether those who may delete may delete it
 */
export function isDeletable(rule: TagRule, locked: boolean): boolean {
  if (locked) return false;
  return rule.deletable ?? (rule.mutability === "mutable" && rule.appendOnly !== true);
}
