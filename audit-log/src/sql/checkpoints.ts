import { WORK_LOCKS } from "#service-kit/db/locks.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A checkpoint as it is stored. */
export interface CheckpointRow {
  readonly number: number;
  readonly at: Date;
  /** Entries of all chains together when it was made. */
  readonly entries: number;
  readonly token: string;
}

/** @returns whether this transaction alone makes checkpoints now; holds until it ends */
export async function tryCheckpointLock(tx: Queryable): Promise<boolean> {
  const { rows } = await tx.query<{ locked: boolean }>(
    "select pg_try_advisory_xact_lock($1) as locked",
    [WORK_LOCKS.checkpoint],
  );
  return rows[0]?.locked === true;
}

/** Where the log stands by the clock of the database, the one that all replicas share. */
export interface CheckpointState {
  /** `null` before the first. */
  readonly last: CheckpointRow | null;
  readonly now: Date;
}

/** @returns the last checkpoint, and the time */
export async function checkpointState(db: Queryable): Promise<CheckpointState> {
  const { rows } = await db.query<Nullable<RawRow> & { now: Date }>(
    `select clock_timestamp() as now, last.* from (select) as one
     left join (select ${COLUMNS} from audit.checkpoint order by number desc limit 1) as last on true`,
  );
  const [{ now, ...last } = { now: new Date(Number.NaN), number: null }] = rows;
  return { now, last: last.number === null ? null : toRow(last as RawRow) };
}

type Nullable<T> = { readonly [Key in keyof T]: T[Key] | null };

/** @returns the checkpoints that follow a number, in order, so many at most */
export async function checkpointsAfter(
  db: Queryable,
  number: number,
  limit: number,
): Promise<CheckpointRow[]> {
  const { rows } = await db.query<RawRow>(
    `select ${COLUMNS} from audit.checkpoint where number > $1 order by number limit $2`,
    [number, limit],
  );
  return rows.map(toRow);
}

/** @returns the first checkpoint that was made then or later; `null`: none was */
export async function firstCheckpointFrom(db: Queryable, at: Date): Promise<CheckpointRow | null> {
  const { rows } = await db.query<RawRow>(
    `select ${COLUMNS} from audit.checkpoint where at >= $1 order by number limit 1`,
    [at],
  );
  return rows[0] === undefined ? null : toRow(rows[0]);
}

/** @returns whether any checkpoint was made before then */
export async function hasCheckpointBefore(db: Queryable, at: Date): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    "select exists (select from audit.checkpoint where at < $1) as found",
    [at],
  );
  return rows[0]?.found === true;
}

/** @returns the checkpoint of a number; `null`: there is none */
export async function checkpointOf(db: Queryable, number: number): Promise<CheckpointRow | null> {
  const [row] = await checkpointsAfter(db, number - 1, 1);
  return row?.number === number ? row : null;
}

/** Adds a checkpoint. */
export async function insertCheckpoint(tx: Queryable, row: CheckpointRow): Promise<void> {
  await tx.query(
    `insert into audit.checkpoint (number, at, entries, token) values ($1, $2, $3, $4)`,
    [row.number, row.at, row.entries, row.token],
  );
}

const COLUMNS = "number, at, entries, token";

interface RawRow {
  readonly number: string;
  readonly at: Date;
  readonly entries: string;
  readonly token: string;
}

/** Postgres' bigint comes as text; these numbers stay far below what a number can hold exactly. */
function toRow({ number, at, entries, token }: RawRow): CheckpointRow {
  return { number: Number(number), at, entries: Number(entries), token };
}
