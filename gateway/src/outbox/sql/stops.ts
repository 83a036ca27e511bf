import type { Queryable } from "#service-kit/db/pool.js";

/** A sink as a gateway has it: under one name it may lead elsewhere after a change of the configuration. */
export interface SinkPlace {
  readonly name: string;
  /** Fingerprint of where it leads. */
  readonly target: string;
}

/** A sink to which nothing is delivered until it is started again. */
export interface SinkStop {
  readonly sink: string;
  readonly target: string;
  readonly reason: string;
  readonly stoppedAt: Date;
}

/** Condition of a claim for a sink `$1` that leads to `$4`. */
export const NOT_STOPPED = `not exists (select from ledger.sink_stop as stop
  where stop.sink = $1 and stop.target = $4 and stop.ended_at is null)`;

/**
 * Nothing more is delivered to a sink, by any gateway that has it leading there.
 *
 * @param db - pool
 * @param place - the sink
 * @param reason - why, for operators
 * @returns whether it was not stopped before
 */
export async function stopSink(
  db: Queryable,
  { name, target }: SinkPlace,
  reason: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into ledger.sink_stop (sink, target, reason) values ($1, $2, $3)
     on conflict (sink, target) do update
       set reason = excluded.reason, stopped_at = clock_timestamp(), ended_at = null
       where sink_stop.ended_at is not null`,
    [name, target, reason],
  );
  return rowCount === 1;
}

/** @returns what is stopped, the one that was stopped first in front */
export async function readStops(db: Queryable): Promise<SinkStop[]> {
  const { rows } = await db.query<SinkStop>(
    `select sink, target, reason, stopped_at as "stoppedAt" from ledger.sink_stop
     where ended_at is null order by stopped_at, sink`,
  );
  return rows;
}

/**
 * @param db - pool
 * @param sink - name of a sink
 * @returns whether it was stopped; from now on it is delivered to again
 */
export async function startSink(db: Queryable, sink: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update ledger.sink_stop set ended_at = clock_timestamp()
     where sink = $1 and ended_at is null`,
    [sink],
  );
  return (rowCount ?? 0) > 0;
}

/**
 * A sink that leads elsewhere by now is not stopped any more.
 *
 * @param db - pool
 * @param places - the sinks as they are configured
 * @returns names of those that were stopped where they led before
 */
export async function endStopsElsewhere(
  db: Queryable,
  places: readonly SinkPlace[],
): Promise<string[]> {
  const { rows } = await db.query<{ sink: string }>(
    `update ledger.sink_stop as stop set ended_at = clock_timestamp()
     from unnest($1::text[], $2::text[]) as place (sink, target)
     where stop.sink = place.sink and stop.target <> place.target and stop.ended_at is null
     returning stop.sink`,
    [places.map(({ name }) => name), places.map(({ target }) => target)],
  );
  return rows.map(({ sink }) => sink);
}
