import type { Rule } from "./compile.js";
import { matchesName } from "./glob-match.js";
import type { Match } from "./match.js";
import type { Question } from "./question.js";

/** A rule that allows and did not match, and how near it came. */
export interface Near {
  readonly rule: Rule;
  readonly match: Missed;
  /** Conditions that hold, plus one where the rule names the repository's place by name. */
  readonly score: number;
  /** How much of the repository's name the rule says literally. */
  readonly literal: number;
}

type Missed = Extract<Match, { outcome: "missed" }>;

/**
 * Finds the rule that a refusal tells of when none matches: the one that would take least.
 *
 * @param visited - rules that were looked at, with what came of each
 * @param question - what is asked
 * @returns the nearest of those that allow, of equally near ones the first; `null` when none is about it
 */
export function nearestRule(
  visited: readonly (readonly [Rule, Match])[],
  question: Question,
): Near | null {
  let nearest: Near | null = null;
  for (const [rule, match] of visited) {
    if (match.outcome !== "missed" || rule.spec.effect !== "allow") continue;
    const near = nearness(rule, match, question);
    if (nearest === null || isNearer(near, nearest)) nearest = near;
  }
  return nearest;
}

function nearness(rule: Rule, match: Missed, { name }: Question): Near {
  let literal = 0;
  for (const glob of rule.globs)
    if (glob.prefix.length > literal && name !== null && matchesName(glob, name))
      literal = glob.prefix.length;
  // Being logged in is nothing special, and a rule for another kind of login is not about the caller at all.
  const met = rule.spec.who === "logged-in" ? match.met - 1 : match.met;
  const isForOthers = match.missed.rank === 0;
  return { rule, match, literal, score: met + (literal > 0 && !isForOthers ? 1 : 0) };
}

function isNearer(one: Near, other: Near): boolean {
  if (one.score !== other.score) return one.score > other.score;
  if (one.match.missed.rank === 0 || other.match.missed.rank === 0)
    return one.match.missed.rank > other.match.missed.rank;
  if (one.literal !== other.literal) return one.literal > other.literal;
  return one.match.missed.rank > other.match.missed.rank;
}
