import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";
import {
  COLUMNS,
  OF_TAG,
  placed,
  placeValues,
  type EntryPlace,
  type EntryRow,
  type PlacedEntry,
} from "../../catalog/sql/history.js";

/** Which part of a tag's history. */
export interface TagEventsQuery {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** `null`: whatever it meant. */
  readonly digest: Digest | null;
  /** RFC 3339; later ones alone. */
  readonly since: string | null;
  /** RFC 3339; earlier ones alone. */
  readonly before: string | null;
  /** Where the page before ended. */
  readonly after: EntryPlace | null;
  /** As many at most. */
  readonly limit: number;
}

/**
 * @param db - audit log
 * @param query - which
 * @returns entries by which the tag came to mean something, or went, the newest first
 */
export async function readTagEvents(
  db: Queryable,
  { repository, tag, digest, since, before, after, limit }: TagEventsQuery,
): Promise<readonly PlacedEntry[]> {
  const { rows } = await db.query<EntryRow>(
    `select ${COLUMNS} from audit.entry
     where ${OF_TAG} and action in ('tag.pushed', 'tag.adopted', 'tag.deleted')
       -- Somebody pushed what was found at the registry: it means what it did.
       and position('"change":"named"' in content) = 0
       and ($3::text is null or position('"digest":"' || $3 || '"' in content) > 0)
       and audit.entry.at > coalesce($4, '-infinity')::timestamptz
       and audit.entry.at < coalesce($5, 'infinity')::timestamptz
       and (audit.entry.at, chain, audit.entry.position)
         < (coalesce($6, 'infinity')::timestamptz, $7::smallint, $8::bigint)
     order by audit.entry.at desc, chain desc, audit.entry.position desc limit $9`,
    [repository, tag, digest, since, before, ...placeValues(after), limit],
  );
  return rows.map(placed);
}
