import { isDeepStrictEqual } from "node:util";
import type { PushDeps, TagPush } from "./push.js";
import { releasePush } from "./settle.js";
import type { TagRule } from "#tag-policy/tag-rule.js";

/**
 * Asks for the rule once more when a tag has been reserved: since it was asked for, the ledger and the registry
 * took their time, and a tag that may no longer change must not.
 *
 * @param deps - ledger and rules
 * @param push - a push whose tag is reserved for it
 * @param rule - the rule by which it was reserved
 * @returns whether another rule applies by now; the reservation is given back then
 */
export async function hasRuleChanged(
  deps: PushDeps,
  push: TagPush,
  rule: TagRule,
): Promise<boolean> {
  if (isDeepStrictEqual(deps.policy.ruleFor(push.repository, push.tag), rule)) return false;
  await releasePush(deps, push, "the rule for the tag changed meanwhile");
  return true;
}
