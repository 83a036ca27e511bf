import type { Queryable } from "#service-kit/db/pool.js";
import { lastCut } from "../sql/cuts.js";

/**
 * @param db - the audit log, as it is asked
 * @param from - the earliest moment that a question is about; `null`: the beginning
 * @returns what has to be said of it where entries of then have left for archives that were not given; nothing where they have not
 */
export async function leftForArchives(db: Queryable, from: Date | null): Promise<string[]> {
  const cut = await lastCut(db);
  if (cut === null || (from !== null && from >= cut.at)) return [];
  // What held when they left is said again then.
  const until = cut.until.toISOString();
  return [
    `entries before ${until} have left for archives (up to ${cut.month}), and are not told of here: npm run audit with --archives FOLDER reads them`,
  ];
}
