import type { View } from "#access-policy/view.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { addUp } from "./add-up.js";
import { viewSets } from "./view-sets.js";
import type { Shown } from "./sql/shown.js";

/** What lists and searches are read from. */
export interface Catalog {
  readonly db: Database;
  /**
   * @param view - what the caller may pull
   * @returns the repositories that they may know of, with all that was acknowledged before
   * @throws Fault UNAVAILABLE when the database cannot be used
   */
  shown(view: View): Promise<Shown>;
  /** The connection that tells of losses was lost: another server may answer now. */
  missed(): void;
}

/** For views: of 50,000 repositories each takes 6 to 22 KiB. */
const VIEW_BYTES = 16 * 1024 * 1024;

/**
 * @param deps - the database, and where it is told that totals could not be added up
 * @returns the catalog
 */
export function openCatalog(deps: { readonly db: Database; readonly log: Logger }): Catalog {
  const sets = viewSets(deps.db, VIEW_BYTES);
  const added = addUp(deps);
  return {
    db: deps.db,
    shown: async (view) => {
      await added.now();
      return sets.of(view);
    },
    missed: () => {
      sets.forget();
    },
  };
}
