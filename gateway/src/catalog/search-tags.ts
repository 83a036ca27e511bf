import type { View } from "#access-policy/view.js";
import type { Catalog } from "./catalog.js";
import { searchTerm } from "./grams.js";
import { lookThrough } from "./look-through.js";
import type { Page } from "./page.js";
import { fewest } from "./repositories.js";
import { readNames } from "./sql/findings.js";
import {
  readTagsNamed,
  readTagsNamedIn,
  type FoundTag,
  type FoundTagPlace,
} from "./sql/tag-search.js";

/** Of so many each is looked at; of more, all tags with such names are. */
const MOST_EACH = 200;

/** Which tags are looked for. */
export interface TagSearch {
  /** What their names begin with; `""`: whatever. */
  readonly tag: string;
  /** A part of the repository's name; `""`: whichever. */
  readonly repository: string;
  /** First component of the repository's name; absent: whichever. */
  readonly team?: string;
  readonly after?: FoundTagPlace;
  readonly limit: number;
}

/**
 * A page may be short, and not the last one, where the caller may know of few of them.
 *
 * @param catalog - what searches are read from
 * @param view - what the caller may pull: nothing else is found
 * @param asked - what is looked for, and which part of the list
 * @returns tags whose names begin so, by name and then by repository
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function searchTags(
  catalog: Pick<Catalog, "db" | "shown">,
  view: View,
  asked: TagSearch,
): Promise<Page<FoundTag, FoundTagPlace>> {
  const { db } = catalog;
  const { tag: beginning, team = null } = asked;
  const text = searchTerm(asked.repository);
  const shown = await catalog.shown(view);
  const numbers = await fewest(db, shown, { team, text });
  const fits = (name: string) =>
    shown.has(name) && name.includes(text) && (team === null || name.startsWith(`${team}/`));
  const fitting = numbers === null ? null : (await readNames(db, numbers)).filter(fits);
  const some = fitting !== null && fitting.length <= MOST_EACH ? fitting : null;
  return lookThrough<FoundTag, FoundTagPlace>(
    {
      read: (after, limit) => {
        const named = { beginning, after, limit };
        return some === null ? readTagsNamed(db, named) : readTagsNamedIn(db, some, named);
      },
      isShown: ({ repository }) => fits(repository),
      placeOf: ({ repository, name }) => ({ repository, name }),
    },
    asked,
  );
}
