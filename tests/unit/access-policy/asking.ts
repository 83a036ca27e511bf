import { compilePolicy, type Policy } from "#access-policy/compile.js";
import type { Identity, Teams } from "#access-policy/identity.js";
import type { RuleSpec } from "#access-policy/rule.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Action, Resource } from "#registry-protocol/scope.js";

export const CATALOG: Resource = { type: "registry", name: "catalog" };

/**
 * @param name - name of a repository
 * @returns the resource
 */
export function repository(name: string): Resource {
  return { type: "repository", name: parseRepositoryName(name) };
}

/**
 * @param text - `push alpha/app`, `catalog`
 * @returns what is asked
 */
export function parseAsk(text: string): { action: Action; resource: Resource } {
  const [action = "", name] = text.split(" ");
  if (name === undefined) return { action: "*", resource: CATALOG };
  return { action: action as Action, resource: repository(name) };
}

/** Who asks, as rows of tables say it. */
export interface Caller {
  readonly identity: Identity;
  readonly teams: Teams;
  readonly address: string | null;
}

/** A rule with everything that a row does not care about filled in. */
export type RuleDraft = Partial<RuleSpec>;

/**
 * @param drafts - rules; by default each allows anyone to push anywhere
 * @returns the policy
 */
export function policyOf(drafts: readonly RuleDraft[]): Policy {
  return compilePolicy(
    drafts.map((draft, index) => ({
      id: `r${index + 1}`,
      effect: "allow",
      actions: ["push"],
      who: "anyone",
      ...(draft.actions?.includes("catalog") === true || draft.namespaces !== undefined
        ? {}
        : { repositories: ["**"] }),
      ...draft,
    })),
  );
}
