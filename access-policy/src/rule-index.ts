import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Glob } from "./glob.js";
import type { PolicyAction } from "./rule.js";

/** A rule as the index sees it. */
export interface IndexedRule {
  readonly actions: ReadonlySet<PolicyAction>;
  readonly globs: readonly Glob[];
}

/** A rule with those of its patterns that a repository has to be held against. */
export interface Candidate<R> {
  readonly rule: R;
  readonly globs: readonly Glob[];
}

/** Finds the rules that can be about a repository (`null`: the catalog) and an action, in their order. */
export type RuleIndex<R> = (
  action: PolicyAction,
  repository: RepositoryName | null,
) => readonly Candidate<R>[];

/** What patterns that do not begin with a namespace by name are found under. */
const ANY = "*";

/**
 * Most rules name a namespace: a question is held against those of its own namespace and those that name none.
 *
 * @param rules - in order
 * @returns the index
 */
export function indexRules<R extends IndexedRule>(rules: readonly R[]): RuleIndex<R> {
  const named = new Set(rules.flatMap(({ globs }) => globs.map(namespaceOf)));
  const known = new Map<string, readonly Candidate<R>[]>();
  return (action, repository) => {
    const namespace = repository?.split("/", 1)[0] ?? ANY;
    const under = named.has(namespace) ? namespace : ANY;
    const key = `${action} ${under}`;
    const found = known.get(key) ?? candidates(rules, action, under);
    known.set(key, found);
    return found;
  };
}

/**
 * @param rules - in order
 * @returns the largest number of patterns that one repository is held against for one action
 */
export function mostCandidates(rules: readonly IndexedRule[]): number {
  const counts = new Map<string, number>();
  for (const { actions, globs } of rules)
    for (const action of actions)
      for (const glob of globs) {
        const key = `${action} ${namespaceOf(glob)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
  return Math.max(
    0,
    ...[...counts].map(([key, count]) => {
      const general = `${key.split(" ")[0] ?? ""} ${ANY}`;
      return key === general ? count : count + (counts.get(general) ?? 0);
    }),
  );
}

function candidates<R extends IndexedRule>(
  rules: readonly R[],
  action: PolicyAction,
  namespace: string,
): Candidate<R>[] {
  return rules.flatMap((rule) => {
    if (!rule.actions.has(action)) return [];
    const globs = rule.globs.filter((glob) => [ANY, namespace].includes(namespaceOf(glob)));
    return globs.length > 0 || rule.globs.length === 0 ? [{ rule, globs }] : [];
  });
}

function namespaceOf({ text, prefix }: Glob): string {
  const [first = ""] = prefix.split("/", 1);
  return first !== "" && (first.length < prefix.length || prefix === text) ? first : ANY;
}
