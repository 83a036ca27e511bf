import type { AuditEntry } from "#audit-log/entry.js";
import { mayBeBy } from "#audit-log/sql/entries.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { instant } from "./shown.js";

/** Where an entry of the audit log stands. */
export interface EntryPlace {
  /** To the microsecond, `2026-11-20T20:00:00.000000Z`. */
  readonly at: string;
  readonly chain: number;
  readonly position: number;
}

/** An entry, and where it stands. */
export interface PlacedEntry extends EntryPlace {
  readonly entry: AuditEntry;
}

/** An entry as it is read. */
export interface EntryRow extends EntryPlace {
  readonly content: string;
}

/** What is read of an entry. */
export const COLUMNS = `${instant("at")} as at, chain, position::float8 as position, content`;
/** As the recorder writes it: a quote within a text has a backslash before it, so that nothing else looks so. */
const TAG = `substring(content from '"tag":"([^"]{1,128})"')`;

/** Condition that an entry is of a repository, `$1`, and a tag, `$2`: what it finds has to be looked at still. */
export const OF_TAG = `repository is not null and repository || '' = $1 and ${TAG} = $2
       and hashtextextended(repository || ':' || ${TAG}, 0) = hashtextextended($1 || ':' || $2, 0)`;

/** Which entries: each that is given narrows them. */
export interface EntriesOf {
  readonly repository: string | null;
  readonly tag: string | null;
  /** Name of who did it. */
  readonly actor: string | null;
}

/**
 * @param db - audit log
 * @param key - a tag
 * @param after - the entry that they follow; `null`: the newest
 * @param limit - as many at most
 * @returns what happened to the tag, the newest first
 */
export async function readTagHistory(
  db: Queryable,
  key: { readonly repository: string; readonly tag: string },
  after: EntryPlace | null,
  limit: number,
): Promise<readonly PlacedEntry[]> {
  const { rows } = await db.query<EntryRow>(
    `select ${COLUMNS} from audit.entry
     where ${OF_TAG}
       and (audit.entry.at, chain, position) < (coalesce($3, 'infinity')::timestamptz, $4::smallint, $5::bigint)
     order by audit.entry.at desc, chain desc, position desc limit $6`,
    [key.repository, key.tag, ...placeValues(after), limit],
  );
  return rows.map(placed).filter(({ entry }) => entry.tag === key.tag);
}

/**
 * @param db - audit log
 * @param of - whose and where
 * @param after - the entry that they follow; `null`: the newest
 * @param limit - as many at most
 * @returns what was refused, the newest first; of an actor by the hash of their name, at which whoever reads them looks
 */
export async function readRefusals(
  db: Queryable,
  { repository, tag, actor }: EntriesOf,
  after: EntryPlace | null,
  limit: number,
): Promise<readonly PlacedEntry[]> {
  const values: unknown[] = [...placeValues(after), limit];
  const given = (value: unknown): string => `$${values.push(value)}::text`;
  const narrowed = [
    ...(repository === null ? [] : [`and repository = ${given(repository)}`]),
    ...(tag === null ? [] : [`and ${TAG} = ${given(tag)}`]),
    ...(actor === null ? [] : [`and ${mayBeBy(given(JSON.stringify(actor)))}`]),
  ];
  const { rows } = await db.query<EntryRow>(
    `select ${COLUMNS} from audit.entry where action = 'tag.refused' ${narrowed.join(" ")}
       and (audit.entry.at, chain, position) < (coalesce($1, 'infinity')::timestamptz, $2::smallint, $3::bigint)
     order by audit.entry.at desc, chain desc, position desc limit $4`,
    values,
  );
  return rows.map(placed);
}

/**
 * @param after - the entry that others follow; `null`: the newest
 * @returns the values that it is compared by: time, chain, position
 */
export function placeValues(after: EntryPlace | null): readonly unknown[] {
  return [after?.at ?? null, after?.chain ?? 0, after?.position ?? 0];
}

/** @returns an entry as it was read, and where it stands */
export function placed({ content, ...place }: EntryRow): PlacedEntry {
  return { ...place, entry: JSON.parse(content) as AuditEntry };
}
