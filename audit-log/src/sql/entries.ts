import type { Queryable } from "#service-kit/db/pool.js";
import { inMicroseconds } from "./in-microseconds.js";

/** An entry as it is stored. */
export interface EntryRow {
  readonly chain: number;
  readonly position: number;
  /** To the microsecond, `2026-11-20T20:00:00.000000Z`. */
  readonly at: string;
  readonly action: string;
  readonly repository: string | null;
  readonly content: string;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

/** @returns entries of a chain that follow a position, in order, so many at most */
export async function entriesAfter(
  db: Queryable,
  { chain, position }: { readonly chain: number; readonly position: number },
  limit: number,
): Promise<EntryRow[]> {
  const { rows } = await db.query<RawRow>(
    `select ${COLUMNS} from audit.entry where chain = $1 and position > $2
     order by position limit $3`,
    [chain, position, limit],
  );
  return rows.map(toRow);
}

/** @returns the lowest and the highest chain that any entry is in; `null` without entries */
export async function chainsInUse(
  db: Queryable,
): Promise<{ readonly lowest: number | null; readonly highest: number | null }> {
  const { rows } = await db.query<{ lowest: number | null; highest: number | null }>(
    `select (select min(chain) from audit.entry) as lowest,
            (select max(chain) from audit.entry) as highest`,
  );
  return rows[0] ?? { lowest: null, highest: null };
}

/** Which entries are wanted. */
export interface EntryFilter {
  readonly since: Date;
  readonly until: Date;
  /** A repository; `null` for all. */
  readonly repository: string | null;
  readonly action: string | null;
  /** Name of who did it; `null` for all. */
  readonly actor: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
}

/** The last entry of a page, which the next page follows. */
export type PageEnd = Pick<EntryRow, "at" | "chain" | "position">;

/** A part of what is found. */
export interface EntryPage {
  readonly after: PageEnd | null;
  readonly limit: number;
  readonly newestFirst: boolean;
}

/** As the recorder writes it: a quote within a name has a backslash before it. */
const ACTOR = `substring(content from '"uid":("(?:[^"\\\\]|\\\\.)*")')`;

/**
 * @param name - placeholder of a name as JSON
 * @returns condition that an entry's actor has it, as the index has it
 */
function isBy(name: string): string {
  return `${mayBeBy(name)} and ${ACTOR} = ${name}`;
}

/**
 * To find a name in the text of each of thousands of entries takes a quarter of a second.
 *
 * @param name - placeholder of a name as JSON
 * @returns condition that the hash of an entry's actor is that of the name: whoever reads the entry looks at the actor
 */
export function mayBeBy(name: string): string {
  return `hashtextextended(${ACTOR}, 0) = hashtextextended(${name}, 0)`;
}

/**
 * Names of actors, tags and digests stand in the content alone, which is looked through for what may say them; those of actors are in
 * an index.
 *
 * @param db - audit log
 * @param filter - which entries
 * @param page - those that follow `after`, so many at most
 * @returns entries by time, with some that only have the names somewhere else in them
 */
export async function findEntries(
  db: Queryable,
  filter: EntryFilter,
  page: EntryPage,
): Promise<EntryRow[]> {
  const { since, until, repository, action } = filter;
  const { after, limit } = page;
  const [follows, order] = page.newestFirst ? ["<", "desc"] : [">", "asc"];
  const { rows } = await db.query<RawRow>(
    `select ${COLUMNS} from audit.entry
     where at >= $1 and at < $2
       and ($3::text is null or repository = $3) and ($4::text is null or action = $4)
       and ($5::timestamptz is null or (at, chain, position) ${follows} ($5, $6::smallint, $7::bigint))
       and not exists (select from unnest($9::text[]) as said where strpos(content, said) = 0)
       and ${filter.actor === null ? "$10::text is null" : isBy("$10")}
     order by at ${order}, chain ${order}, position ${order} limit $8`,
    [
      since,
      until,
      repository,
      action,
      after?.at ?? null,
      after?.chain ?? null,
      after?.position ?? null,
      limit,
      writtenNames(filter),
      filter.actor === null ? null : JSON.stringify(filter.actor),
    ],
  );
  return rows.map(toRow);
}

/** As the recorder writes them, without spaces. */
function writtenNames({ actor, tag, digest }: EntryFilter): string[] {
  const names = { uid: actor, tag, digest };
  return Object.entries(names).flatMap(([key, name]) =>
    name === null ? [] : [`"${key}":${JSON.stringify(name)}`],
  );
}

const COLUMNS = `chain, position,
  ${inMicroseconds("at")} as at,
  action, repository, content, previous_hash as "previousHash", hash`;

type RawRow = Omit<EntryRow, "position"> & { readonly position: string };

/** Postgres' bigint comes as text; a chain stays far below what a number can hold exactly. */
function toRow(row: RawRow): EntryRow {
  return { ...row, position: Number(row.position) };
}
