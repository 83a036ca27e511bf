import type { View } from "#access-policy/view.js";
import type { Page } from "#gateway/catalog/page.js";

/** @returns a view of what these rules say, without anything to fill in */
export const viewOf = (...rules: string[]): View => ({ rules, values: {}, limits: null });

/** Of everything. */
export const ALL = viewOf("+**");

/**
 * @param read - reads the page that follows a place; `undefined`: the first
 * @returns what is on each page of a list, up to the last
 */
export async function allPages<Item, Place>(
  read: (after: Place | undefined) => Promise<Page<Item, Place>>,
): Promise<(readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  let after: Place | undefined;
  do {
    const { items, next } = await read(after);
    pages.push(items);
    after = next ?? undefined;
  } while (after !== undefined);
  return pages;
}
