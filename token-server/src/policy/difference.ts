import { policyDifference } from "#access-policy/difference.js";
import { policySchema } from "#access-policy/policy-schema.js";
import type { RuleSpec } from "#access-policy/rule.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { parseYaml } from "#service-kit/yaml-file.js";

/**
 * @param before - a policy's content as it is kept: a file's, or the built-in rules
 * @param after - the one that comes into force
 * @returns what it says otherwise, a sentence each; none where one of them is of a form that this version does not know
 */
export function differenceOfContents(before: string, after: string): readonly string[] {
  const [was, is] = [rulesIn(before), rulesIn(after)];
  return was === null || is === null ? [] : policyDifference(was, is);
}

function rulesIn(content: string): readonly RuleSpec[] | null {
  try {
    const builtIn = jsonOrNull(content);
    if (Array.isArray(builtIn)) return policySchema.parse({ rules: builtIn }).rules;
    return parseYaml("policy", content, policySchema).rules;
  } catch {
    return null;
  }
}
