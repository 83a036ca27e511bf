import type { View } from "#access-policy/view.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { repositoriesInView } from "../ledger/repositories-in-view.js";
import { readFound, type FoundRepository } from "./sql/search.js";

/** Most that a search finds; more nobody reads. */
const MOST_FOUND = 1_000;
const MOST_CHARACTERS = 255;

/** One page of what was found. */
export interface SearchPage {
  readonly found: readonly FoundRepository[];
  readonly total: number;
}

/**
 * Finds repositories by a part of their names: those whose last part is what was asked for first, then those where a part
 * begins so, then others; within each, what is pulled most.
 *
 * @param db - pool
 * @param view - what the caller may pull: nothing else is found or counted
 * @param asked - a part of names, and which page of how many
 * @returns the page; all together there are a thousand at most
 */
export async function search(
  db: Queryable,
  view: View,
  asked: { readonly term: string; readonly page: number; readonly size: number },
): Promise<SearchPage> {
  const term = asked.term.trim().toLowerCase().slice(0, MOST_CHARACTERS);
  const { names } = await repositoriesInView(db, view, {
    ...{ after: "", limit: MOST_FOUND, containing: term },
  });
  const ranked = (await readFound(db, names)).toSorted(
    (one, other) =>
      rank(one.name, term) - rank(other.name, term) ||
      other.pulls - one.pulls ||
      (one.name < other.name ? -1 : 1),
  );
  const from = (asked.page - 1) * asked.size;
  return { found: ranked.slice(from, from + asked.size), total: ranked.length };
}

function rank(name: string, term: string): number {
  if (name === term) return 0;
  const parts = name.split("/");
  if (parts.at(-1) === term) return 1;
  if (parts.includes(term)) return 2;
  return parts.some((part) => part.startsWith(term)) ? 3 : 4;
}
