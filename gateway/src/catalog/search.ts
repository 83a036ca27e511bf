import type { View } from "#access-policy/view.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Catalog } from "./catalog.js";
import { gramsOf, searchTerm } from "./grams.js";
import { readWithGrams } from "./sql/repositories.js";
import { RANKS, readFound, type FoundRepository, type Rank } from "./sql/search.js";
import type { Shown } from "./sql/shown.js";
import { FEW } from "./view-sets.js";

export type { FoundRepository } from "./sql/search.js";

/** Most that a search finds; more nobody reads. */
const MOST_FOUND = 1_000;

/** What was found of all. */
export interface Found {
  readonly found: readonly FoundRepository[];
  /** How many there are on all pages: a thousand at most. */
  readonly total: number;
}

/**
 * Finds repositories by a part of their names: those whose last part is what was asked for first, then those where a part
 * begins so, then others; within each, what is pulled most.
 *
 * @param catalog - what searches are read from
 * @param view - what the caller may pull: nothing else is found or counted
 * @param asked - a part of names, and which page of how many, from 1
 * @returns the page
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function search(
  catalog: Catalog,
  view: View,
  asked: { readonly term: string; readonly page: number; readonly size: number },
): Promise<Found> {
  const { db } = catalog;
  const term = searchTerm(asked.term);
  const shown = await catalog.shown(view);
  const from = (asked.page - 1) * asked.size;
  const all = shown.few ?? (await few(db, shown, term, gramsOf(term)));
  const best = { term, rank: null, limit: MOST_FOUND, among: all };
  const found =
    all === null
      ? await bestOfMany(db, shown, term, Math.min(from + asked.size, MOST_FOUND))
      : await readFound(db, shown, best);
  const total = all === null ? MOST_FOUND : found.length;
  return { found: found.slice(from, from + asked.size), total };
}

/** Too many to sort: those that fit best are few, or many are pulled much. */
async function bestOfMany(
  db: Queryable,
  shown: Shown,
  term: string,
  wanted: number,
): Promise<readonly FoundRepository[]> {
  const found: FoundRepository[] = [];
  for (const rank of RANKS) {
    const limit = wanted - found.length;
    if (limit === 0) break;
    const among = rank === 4 ? null : await few(db, shown, term, gramsOfRank(term, rank));
    if (among?.length === 0) continue;
    found.push(...(await readFound(db, shown, { term, rank, limit, among })));
  }
  return found;
}

/** @returns numbers of all that fit; `null`: they are more than a few */
async function few(
  db: Queryable,
  shown: Shown,
  term: string,
  grams: readonly string[],
): Promise<readonly number[] | null> {
  const numbers = await readWithGrams(db, shown, { term, grams, most: FEW + 1 });
  return numbers.length > FEW ? null : numbers;
}

/** What the index has of every name of a rank, and of few others. */
function gramsOfRank(term: string, rank: Rank): readonly string[] {
  const grams = gramsOf(term);
  const parts = term.split("/");
  const [first = "", last = ""] = [parts[0], parts.at(-1)];
  const begins = first === "" ? [] : [`^${first.slice(0, 3)}`];
  if (rank <= 1) return [...grams, ...begins, `$${last}`];
  return rank === 2
    ? [...grams, ...parts.filter((part) => part !== "").map((part) => `=${part}`)]
    : [...grams, ...begins];
}
