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
}

/** The last entry of a page, which the next page follows. */
export type PageEnd = Pick<EntryRow, "at" | "chain" | "position">;

/** @returns entries by time, those that follow `after`, so many at most */
export async function findEntries(
  db: Queryable,
  { since, until, repository, action }: EntryFilter,
  page: { readonly after: PageEnd | null; readonly limit: number },
): Promise<EntryRow[]> {
  const { after, limit } = page;
  const { rows } = await db.query<RawRow>(
    `select ${COLUMNS} from audit.entry
     where at >= $1 and at < $2
       and ($3::text is null or repository = $3) and ($4::text is null or action = $4)
       and ($5::timestamptz is null or (at, chain, position) > ($5, $6::smallint, $7::bigint))
     order by at, chain, position limit $8`,
    [
      since,
      until,
      repository,
      action,
      after?.at ?? null,
      after?.chain ?? null,
      after?.position ?? null,
      limit,
    ],
  );
  return rows.map(toRow);
}

const COLUMNS = `chain, position,
  ${inMicroseconds("at")} as at,
  action, repository, content, previous_hash as "previousHash", hash`;

type RawRow = Omit<EntryRow, "position"> & { readonly position: string };

/** Postgres' bigint comes as text; a chain stays far below what a number can hold exactly. */
function toRow(row: RawRow): EntryRow {
  return { ...row, position: Number(row.position) };
}
