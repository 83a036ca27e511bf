/** A page, and where it ends; `next` is `null` on the last. */
export interface Page<Item, Place> {
  readonly items: readonly Item[];
  readonly next: Place | null;
}

/**
 * @param found - what is on the page, and one more where there is more
 * @param limit - as many on a page
 * @param placeOf - says where a page ends that ends with an item
 * @returns the page
 */
export function pageOf<Item, Place>(
  found: readonly Item[],
  limit: number,
  placeOf: (last: Item) => Place,
): Page<Item, Place> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: last === undefined || found.length <= limit ? null : placeOf(last) };
}
