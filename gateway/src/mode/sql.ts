import { CHANNELS } from "#service-kit/db/channels.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { NORMAL, type Mode, type ModeName } from "./mode.js";

/** Postgres channel on which changes of the mode are told. */
export const MODE_CHANNEL = CHANNELS.mode;

const MODE = `mode as name, reason, changed_by as "changedBy", changed_at::text as "changedAt",
  extract(epoch from drain_until - clock_timestamp())::float8 as "drainSeconds",
  drain_until <= changed_at as "drained"`;

/** @returns the mode at this moment */
export async function readMode(db: Queryable): Promise<Mode> {
  const { rows } = await db.query<Mode>(`select ${MODE} from ledger.mode`);
  return rows[0] ?? NORMAL;
}

/**
 * Changes the mode and tells every gateway when the transaction commits.
 *
 * @param tx - transaction that also writes the audit entry
 * @param change - what it is to be and why
 * @returns whether that is another mode, or another reason for it
 */
export async function writeMode(
  tx: Queryable,
  change: {
    readonly mode: ModeName;
    readonly reason: string;
    readonly by: string;
    readonly drainSeconds: number;
  },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into ledger.mode as held (mode, reason, changed_by, changed_at, drain_until)
     select $1, $2, $3, at, at + $4 * interval '1 second' from clock_timestamp() as at
     on conflict ("only") do update
       set mode = excluded.mode, reason = excluded.reason, changed_by = excluded.changed_by,
           changed_at = excluded.changed_at,
           drain_until = case when held.mode = excluded.mode then held.drain_until
                              else excluded.drain_until end
       where held.mode <> excluded.mode or held.reason <> excluded.reason`,
    [change.mode, change.reason, change.by, change.drainSeconds],
  );
  await tx.query(`select pg_notify($1, $2)`, [MODE_CHANNEL, change.mode]);
  return rowCount === 1;
}

/**
 * Ends the drain as a change of its own, so that a gateway that follows it lets nothing begin any more.
 *
 * @param db - ledger
 * @param changedAt - the change whose drain it is; nothing is done when another one has come since
 */
export async function endDrain(db: Queryable, changedAt: string): Promise<void> {
  await db.query(
    `with ended as (
       update ledger.mode set changed_at = at, drain_until = at from clock_timestamp() as at
       where mode = 'read-only' and changed_at = $1::timestamptz and drain_until > changed_at
       returning mode
     )
     select pg_notify($2, mode) from ended`,
    [changedAt, MODE_CHANNEL],
  );
}

/** What a gateway says about itself. */
export interface GatewayState {
  /** No two gateways that live have the same. */
  readonly name: string;
  /** Which process it is, so that others on its machine can tell that it has ended; `null` where that cannot be told. */
  readonly process: string | null;
  /** Which change of the mode it follows. */
  readonly follows: string | null;
  /** Writes that have not been answered. */
  readonly writes: number;
}

/** Notes what a gateway says about itself, and returns the mode at this moment. */
export async function noteGateway(db: Queryable, state: GatewayState): Promise<Mode> {
  const { rows } = await db.query<Mode>(
    `with noted as (
       insert into ledger.gateway (name, mode_changed_at, writes, seen_at, process)
       values ($1, $2::timestamptz, $3, clock_timestamp(), $4)
       on conflict (name) do update
         set mode_changed_at = excluded.mode_changed_at, writes = excluded.writes,
             seen_at = excluded.seen_at, process = excluded.process
     )
     select ${MODE} from ledger.mode`,
    [state.name, state.follows, state.writes, state.process],
  );
  return rows[0] ?? NORMAL;
}

/** Forgets a gateway that has ended, and returns whether it was known. */
export async function forgetGateway(db: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await db.query(`delete from ledger.gateway where name = $1`, [name]);
  return rowCount === 1;
}

/** A gateway as it was heard of last. */
export interface HeardGateway extends GatewayState {
  readonly silentSeconds: number;
}

/** @returns every gateway that has not said that it ends */
export async function listGateways(db: Queryable): Promise<HeardGateway[]> {
  const { rows } = await db.query<HeardGateway>(
    `select name, mode_changed_at::text as follows, writes, process,
            extract(epoch from clock_timestamp() - seen_at)::float8 as "silentSeconds"
     from ledger.gateway order by name`,
  );
  return rows;
}
