import type { Queryable } from "#service-kit/db/pool.js";

/** Checkpoints of a stretch of time, in figures. */
export interface CheckpointFigures {
  readonly count: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
  /** Most entries that one of them was the first to cover. */
  readonly mostEntries: number | null;
}

/** @returns checkpoints from the first moment to before the last, in figures */
export async function checkpointsBetween(
  db: Queryable,
  from: Date,
  to: Date,
): Promise<CheckpointFigures> {
  const { rows } = await db.query<CheckpointFigures>(
    `select count(*)::float8 as count, min(number)::float8 as first, max(number)::float8 as last,
            min(at) as "firstAt", max(at) as "lastAt", max(more)::float8 as "mostEntries"
     from (select number, at, entries - coalesce(lag(entries) over (order by number), 0) as more
           from audit.checkpoint) as checkpoint
     where at >= $1 and at < $2`,
    [from, to],
  );
  const none = { first: null, last: null, firstAt: null, lastAt: null, mostEntries: null };
  return rows[0] ?? { count: 0, ...none };
}
