import type { Policy } from "./compile.js";
import type { RuleSpec } from "./rule.js";

const CONDITIONS = ["registry", "privileges", "apps", "service"] as const;
const TEMPLATES: readonly string[] = [
  ...["user", "group"],
  ...["app.responsible", "app.published", "service.app"],
];
const known = new WeakMap<Policy, boolean>();

/**
 * @param policy - the rules
 * @returns whether any of them goes by the directory or the registry, so that nothing can be decided without them
 */
export function asksDirectory(policy: Policy): boolean {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const asks = policy.rules.some(
    ({ spec, globs }) =>
      isAsking(spec.who) ||
      isAsking(spec.unless) ||
      globs.some(({ variables }) => variables.some((one) => TEMPLATES.includes(one))),
  );
  known.set(policy, asks);
  return asks;
}

function isAsking(who: RuleSpec["who"] | undefined): boolean {
  return typeof who === "object" && CONDITIONS.some((key) => who[key] !== undefined);
}
