import { readView, type ReadView } from "#access-policy/read-view.js";
import type { View } from "#access-policy/view.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { readListedRepositories, type ListedRepositories } from "./sql/listed-repositories.js";

/** Which of the repositories that somebody may pull are asked for. */
export interface ViewPage {
  /** Those after this one, in the order of the catalog; `""`: from the beginning. */
  readonly after: string;
  /** As many at most. */
  readonly limit: number;
}

/** Most names that are looked at in one go. */
const MOST_AT_ONCE = 5_000;

/**
 * @param db - pool or transaction
 * @param view - what the caller may pull
 * @param page - which of it
 * @returns the names that the caller may know of, in the order of the catalog
 */
export async function repositoriesInView(
  db: Queryable,
  view: View,
  page: ViewPage,
): Promise<ListedRepositories> {
  const { has, prefixes } = readView(view);
  const names: string[] = [];
  let { after } = page;
  // A view that hides most of what it looks at takes larger steps.
  let step = page.limit;
  for (;;) {
    const found = await readListedRepositories(db, { after, limit: step, prefixes });
    names.push(...found.names.filter((name) => isVisible(has, name)));
    const last = found.names.at(-1);
    if (last === undefined || found.names.length < step || names.length >= page.limit)
      return { names: names.slice(0, page.limit), isWhole: found.isWhole };
    after = last;
    step = Math.min(step * 4, MOST_AT_ONCE);
  }
}

/**
 * @param has - whether a view has a name
 * @param name - a repository
 * @returns whether it is shown: gateways of before took the marker for a repository as any other
 */
export function isVisible(has: ReadView["has"], name: string): boolean {
  return has(name) && !isMarkerRepository(name);
}
