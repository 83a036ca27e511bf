import type { Queryable } from "#service-kit/db/pool.js";

/** Where the log begins, since what was before it has left for archives. */
export interface Cut {
  /** Of the checkpoint that the archive ends with. */
  readonly number: number;
  /** When that was made. */
  readonly until: Date;
  readonly month: string;
  /** SHA-256 of the archive's file, in hexadecimal. */
  readonly sha256: string;
  /** Entries up to there, of all chains together. */
  readonly entries: number;
  /** When the cut was made. */
  readonly at: Date;
}

/** @returns every cut, the last first */
export async function readCuts(db: Queryable): Promise<Cut[]> {
  const { rows } = await db.query<Cut>(
    `select number::float8 as number, until, month, sha256, entries::float8 as entries, at
     from audit.cut order by audit.cut.number desc`,
  );
  return rows;
}

/** @returns the last cut; `null`: nothing has left */
export async function lastCut(db: Queryable): Promise<Cut | null> {
  return (await readCuts(db))[0] ?? null;
}

/** @returns positions of the last entries behind a cut, by chain */
export async function cutPlaces(
  db: Queryable,
  number: number,
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await db.query<{ chain: number; position: number }>(
    "select chain, position::float8 as position from audit.cut_place where number = $1",
    [number],
  );
  return new Map(rows.map(({ chain, position }) => [chain, position]));
}

/** Makes a cut: from its commit on entries behind it may be removed. */
export async function insertCut(
  tx: Queryable,
  { number, until, month, sha256, entries }: Omit<Cut, "at">,
  positions: readonly number[],
): Promise<void> {
  await tx.query(
    "insert into audit.cut (number, until, month, sha256, entries) values ($1, $2, $3, $4, $5)",
    [number, until, month, sha256, entries],
  );
  await tx.query(
    `insert into audit.cut_place (number, chain, position)
     select $1, place - 1, position from unnest($2::bigint[]) with ordinality as cut (position, place)`,
    [number, positions],
  );
}

/**
 * Removes entries behind the last cut. Nobody has the right to: the owner of the tables gives it to themselves until the commit.
 *
 * @param tx - a transaction of the owner
 * @param number - of the cut
 * @param limit - so many of each chain at most
 * @returns how many were removed; 0: none is left
 */
export async function removeBehind(tx: Queryable, number: number, limit: number): Promise<number> {
  await tx.query("grant delete on audit.entry to current_user");
  const { rowCount } = await tx.query(
    `delete from audit.entry using audit.cut_place as place
     where place.number = $1 and entry.chain = place.chain and entry.position <= place.position
       and entry.position < (select min(position) + $2 from audit.entry as first where first.chain = place.chain)`,
    [number, limit],
  );
  await tx.query("revoke delete on audit.entry from current_user");
  return rowCount ?? 0;
}
