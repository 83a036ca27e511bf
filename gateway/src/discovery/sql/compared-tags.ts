import type { Queryable } from "#service-kit/db/pool.js";
import type { Cursor } from "./cursor.js";
import { KNOWN, LIVE, SEEN_TAG } from "./staging.js";
import type { SeenTag } from "../../drift/seen-tag.js";

/** A tag whose turn it is to be compared. */
export interface SliceTag extends SeenTag {
  /** Whether the registry's list of its repository was whole. */
  readonly clean: boolean;
  /** Whether it was asked for already in this pass. */
  readonly checked: boolean;
}

/** @returns the tags that come after a tag, in the database's own order */
export async function nextTags(
  session: Queryable,
  after: Cursor,
  limit: number,
): Promise<SliceTag[]> {
  const { rows } = await session.query<SliceTag>(
    `select ${SEEN_TAG},
            exists (select 1 from listed_repository as listed
                    where listed.name = tag.repository and listed.clean) as clean,
            exists (select 1 from checked_tag as checked
                    where checked.repository = tag.repository and checked.name = tag.name) as checked
     from ledger.tag
     where (repository, name) > ($1, $2) and ${LIVE}
     order by repository, name limit $3`,
    [after.repository, after.tag, limit],
  );
  return rows;
}

/** Notes tags that were asked for before their turn, so that they are not asked for and counted again. */
export async function stageChecked(session: Queryable, tags: readonly SeenTag[]): Promise<void> {
  await session.query(
    `insert into checked_tag (repository, name)
     select * from unnest($1::text[], $2::text[]) on conflict do nothing`,
    [tags.map(({ repository }) => repository), tags.map(({ tag }) => tag)],
  );
}

/** @returns how many tags have a digest in the ledger, those that are being pushed included */
export async function countKnown(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ known: number }>(
    `select count(*)::float8 as known from ledger.tag where ${KNOWN}`,
  );
  return rows[0]?.known ?? 0;
}
