import type { Queryable } from "#service-kit/db/pool.js";
import { inMicroseconds } from "./in-microseconds.js";

/** An entry that says what a tag is, as it is stored. */
export interface TagEntryRow {
  readonly chain: number;
  readonly position: string;
  /** To the microsecond, `2026-11-20T20:00:00.000000Z`. */
  readonly at: string;
  readonly repository: string;
  readonly content: string;
  /** Dated behind another one of its repository, and not by the clock: that was ahead then. */
  readonly isMoved: boolean;
}

/** The last entry of a page, which the next page follows. */
export type TagEntryEnd = Omit<TagEntryRow, "content" | "isMoved">;

/** Before every entry. */
export const BEFORE_TAG_ENTRIES: TagEntryEnd = {
  repository: "",
  at: "-infinity",
  chain: 0,
  position: "0",
};

/**
 * Entries of one tag may stand in several chains; their order is that of their times, since whoever writes one
 * holds the lock of the tag's row until it is committed, and an entry is newer than what its repository had before.
 *
 * @param db - the audit log
 * @param after - the entry that they follow
 * @param limit - so many at most
 * @returns entries that say what a tag is, by repository and time
 */
export async function tagEntriesAfter(
  db: Queryable,
  after: TagEntryEnd,
  limit: number,
): Promise<TagEntryRow[]> {
  const { rows } = await db.query<TagEntryRow>(
    `select chain, position, ${inMicroseconds("at")} as at, repository, content,
            exists (select from audit.entry as before
                    where before.repository = entry.repository
                      and before.at = entry.at - interval '1 microsecond') as "isMoved"
     from audit.entry
     where repository is not null
       and action in ('tag.pushed', 'tag.adopted', 'tag.locked', 'tag.deleted')
       and (repository, at, chain, position) > ($1, $2::timestamptz, $3::smallint, $4::bigint)
     order by repository, entry.at, chain, position limit $5`,
    [after.repository, after.at, after.chain, after.position, limit],
  );
  return rows;
}
