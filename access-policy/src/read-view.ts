import { isRepositoryName } from "#registry-protocol/repository-name.js";
import { repositoryGlob, type Glob } from "./glob.js";
import { matchesName, splitName, type Values } from "./glob-match.js";
import { indexRules, type IndexedRule } from "./rule-index.js";
import type { View } from "./view.js";

/** A view, ready to be held against names. */
export interface ReadView {
  /** @returns whether a repository is in it */
  readonly has: (name: string) => boolean;
  /**
   * What the names of all repositories in it begin with, none of them the beginning of another; an empty one: there is no
   * such bound.
   */
  readonly prefixes: readonly string[];
}

/** One pattern of a view. */
interface Pattern extends IndexedRule {
  readonly allows: boolean;
  readonly glob: Glob;
}

const PULL = new Set(["pull"] as const);
const NO_VALUES: ReadonlySet<string> = new Set();
/** More beginnings bound nothing that a look at each name would not. */
const MOST_PREFIXES = 1_000;
const read = new WeakMap<View, ReadView>();

/**
 * @param view - what somebody may pull
 * @returns the same, read once however often it is asked for
 * @throws GlobError when it holds what is no pattern
 */
export function readView(view: View): ReadView {
  const known = read.get(view);
  if (known !== undefined) return known;
  const made = compile(view);
  read.set(view, made);
  return made;
}

function compile({ rules, values, limits }: View): ReadView {
  const patterns = rules.map((text): Pattern => {
    const glob = repositoryGlob(text.slice(1));
    return { allows: text.startsWith("+"), glob, globs: [glob], actions: PULL };
  });
  const about = indexRules(patterns);
  const bounds = limits?.map(repositoryGlob) ?? null;
  const sets = new Map(Object.entries(values).map(([name, some]) => [name, new Set(some)]));
  const valuesOf: Values = (variable) => sets.get(variable) ?? NO_VALUES;
  return {
    has: (name) => {
      if (!isRepositoryName(name)) return false;
      const split = splitName(name);
      const deciding = about("pull", name).find(({ rule }) =>
        matchesName(rule.glob, split, valuesOf),
      );
      if (deciding?.rule.allows !== true) return false;
      return bounds?.some((glob) => matchesName(glob, split)) ?? true;
    },
    prefixes: bothOf(
      prefixesOf(
        patterns.filter(({ allows }) => allows).map(({ glob }) => glob),
        valuesOf,
      ),
      bounds === null ? [""] : prefixesOf(bounds, valuesOf),
    ),
  };
}

function prefixesOf(globs: readonly Glob[], values: Values): readonly string[] {
  const found = globs.flatMap(({ prefix, tokens: [first, next] }) => {
    if (typeof first !== "object" || !("variable" in first)) return [prefix];
    const rest = typeof next === "string" ? next : "";
    return [...(values(first.variable) ?? NO_VALUES)].map((value) => value + rest);
  });
  return found.length > MOST_PREFIXES ? [""] : shortest(found);
}

/** Without those that another one is the beginning of. */
function shortest(prefixes: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const prefix of [...prefixes].sort()) {
    const before = kept.at(-1);
    if (before === undefined || !prefix.startsWith(before)) kept.push(prefix);
  }
  return kept;
}

/** What begins as one of each begins with the longer of them. */
function bothOf(some: readonly string[], others: readonly string[]): readonly string[] {
  const both = some.flatMap((one) =>
    others.flatMap((other) => {
      if (one.startsWith(other)) return [one];
      return other.startsWith(one) ? [other] : [];
    }),
  );
  return both.length > MOST_PREFIXES ? shortest(some) : shortest(both);
}
