import { pageOf, type Page } from "./page.js";

/** So many are looked at for one page, whatever the caller may know of. */
const MOST_LOOKED_AT = 5_000;
const AT_ONCE = 500;

/** A list of which a caller may know a part. */
export interface PartlyShown<Row, Place> {
  /** @returns what follows a place, as many at most; `null`: from the first on */
  readonly read: (after: Place | null, limit: number) => Promise<readonly Row[]>;
  readonly isShown: (row: Row) => boolean;
  readonly placeOf: (row: Row) => Place;
}

/**
 * A page may be short, and not the last one, where the caller may know of few.
 *
 * @param list - what is looked through
 * @param asked - the place that the page follows, absent: the first page; and how much is on it at most
 * @returns what the caller may know of
 */
export async function lookThrough<Row, Place>(
  { read, isShown, placeOf }: PartlyShown<Row, Place>,
  { after, limit }: { readonly after?: Place; readonly limit: number },
): Promise<Page<Row, Place>> {
  const found: Row[] = [];
  let last: Place | null = after ?? null;
  // Most may know of most: a page's worth first.
  let atOnce = limit + 1;
  for (let looked = 0; looked < MOST_LOOKED_AT; atOnce = AT_ONCE) {
    const some = await read(last, atOnce);
    const end = some.at(-1);
    found.push(...some.filter(isShown));
    if (end === undefined || some.length < atOnce || found.length > limit)
      return pageOf(found, limit, placeOf);
    last = placeOf(end);
    looked += some.length;
  }
  return { items: found, next: last };
}
