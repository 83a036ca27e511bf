import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { alwaysRefused } from "./bounds.js";
import type { Policy, Rule } from "./compile.js";
import { componentAt, type Glob } from "./glob.js";
import { matchesName, splitName, type SplitName } from "./glob-match.js";
import type { IdentityKind } from "./identity.js";
import type { Conditions, Effect, PolicyAction, RuleName, RuleSpec } from "./rule.js";

/** What can be asked about a repository. */
const WHO_CAN_ACTIONS = ["pull", "push", "delete"] as const satisfies PolicyAction[];

/** What templates of a pattern have to stand for; `null` where the pattern leaves it open. */
type Bindings = Readonly<Record<string, string | null>>;

/** A rule as far as it is about one repository. */
export interface RuleAbout {
  readonly rule: RuleName;
  readonly effect: Effect;
  readonly who: RuleSpec["who"];
  readonly unless: Conditions | null;
  /** Its patterns that the repository fits, each with what its templates have to stand for. */
  readonly patterns: readonly { readonly pattern: string; readonly values: Bindings }[];
}

/** Who may do one thing in a repository. */
export interface WhoCan {
  readonly action: (typeof WHO_CAN_ACTIONS)[number];
  /** Kinds of login that may not, whatever the rules say. */
  readonly never: readonly IdentityKind[];
  /** The rules that can decide it, in their order: the first that somebody fits counts, and whom none fits is refused. */
  readonly rules: readonly RuleAbout[];
}

/**
 * Tells of everybody at once what {@link decide} tells of one.
 *
 * @param policy - the rules
 * @param repository - where
 * @returns for each action the rules that can decide it; those behind one that is about everybody are left out
 */
export function whoCan(policy: Policy, repository: RepositoryName): readonly WhoCan[] {
  const name = splitName(repository);
  return WHO_CAN_ACTIONS.map((action) => {
    const never = alwaysRefused(action);
    const rules: RuleAbout[] = [];
    for (const { rule, globs } of policy.about(action, repository)) {
      const about = aboutName(rule, globs, name);
      if (about === null || isOnlyAbout(never, about.who)) continue;
      rules.push(about);
      if (isAboutEverybody(about)) break;
    }
    return { action, never, rules };
  });
}

function aboutName(rule: Rule, globs: readonly Glob[], name: SplitName): RuleAbout | null {
  const patterns = globs.flatMap((glob) => {
    const values = bindingsOf(glob, name);
    return values === null ? [] : [{ pattern: glob.text, values }];
  });
  if (patterns.length === 0) return null;
  const { effect, who, unless = null } = rule.spec;
  return { rule: rule.name, effect, who, unless, patterns };
}

/**
 * @param glob - a pattern
 * @param name - a repository's name
 * @returns what its templates have to stand for, so that the name fits; `null`: it does not, or only if one stood for two things
 */
export function bindingsOf(glob: Glob, name: SplitName): Bindings | null {
  const values = Object.fromEntries(
    glob.variables.map((variable) => [variable, componentAt(glob, variable, name.text)]),
  );
  const fits = matchesName(glob, name, (variable) => {
    const value = values[variable] ?? null;
    return value === null ? null : new Set([value]);
  });
  return fits ? values : null;
}

function isOnlyAbout(kinds: readonly IdentityKind[], who: RuleSpec["who"]): boolean {
  return typeof who === "object" && who.kinds?.every((kind) => kinds.includes(kind)) === true;
}

function isAboutEverybody({ who, unless, patterns }: RuleAbout): boolean {
  const isPlain = patterns.some(({ values }) => Object.keys(values).length === 0);
  return who === "anyone" && unless === null && isPlain;
}
