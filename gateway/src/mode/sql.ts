import type { Queryable } from "#service-kit/db/pool.js";
import { NORMAL, type Mode, type ModeName } from "./mode.js";

/** Postgres channel on which changes of the mode are told. */
export const MODE_CHANNEL = "ledger_mode";

const MODE = `mode as name, reason, changed_by as "changedBy", changed_at::text as "changedAt",
  extract(epoch from drain_until - clock_timestamp())::float8 as "drainSeconds"`;

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
     values ($1, $2, $3, clock_timestamp(), clock_timestamp() + $4 * interval '1 second')
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

/** What a gateway says about itself. */
export interface GatewayState {
  readonly name: string;
  /** Which change of the mode it follows. */
  readonly follows: string | null;
  /** Writes that have not been answered. */
  readonly writes: number;
}

/** Notes what a gateway says about itself, and returns the mode at this moment. */
export async function noteGateway(db: Queryable, state: GatewayState): Promise<Mode> {
  const { rows } = await db.query<Mode>(
    `with noted as (
       insert into ledger.gateway (name, mode_changed_at, writes, seen_at)
       values ($1, $2::timestamptz, $3, clock_timestamp())
       on conflict (name) do update
         set mode_changed_at = excluded.mode_changed_at, writes = excluded.writes,
             seen_at = excluded.seen_at
     )
     select ${MODE} from ledger.mode`,
    [state.name, state.follows, state.writes],
  );
  return rows[0] ?? NORMAL;
}

/** Forgets a gateway that has ended, and returns whether it was known. */
export async function forgetGateway(db: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await db.query(`delete from ledger.gateway where name = $1`, [name]);
  return rowCount === 1;
}

/** Forgets gateways that have said nothing for so long. */
export async function forgetSilentGateways(db: Queryable, seconds: number): Promise<void> {
  await db.query(
    `delete from ledger.gateway where seen_at < clock_timestamp() - $1 * interval '1 second'`,
    [seconds],
  );
}

/** A gateway as it was heard of last. */
export interface HeardGateway extends GatewayState {
  readonly silentSeconds: number;
}

/** @returns every gateway that has not said that it ends */
export async function listGateways(db: Queryable): Promise<HeardGateway[]> {
  const { rows } = await db.query<HeardGateway>(
    `select name, mode_changed_at::text as follows, writes,
            extract(epoch from clock_timestamp() - seen_at)::float8 as "silentSeconds"
     from ledger.gateway order by name`,
  );
  return rows;
}

/** @returns tags that are reserved for somebody who writes them, and uploads that have not come to an end */
export async function countOpenWork(
  db: Queryable,
): Promise<{ readonly reservations: number; readonly uploads: number }> {
  const { rows } = await db.query<{ reservations: number; uploads: number }>(
    `select (select count(*) from ledger.tag where reservation is not null)::int as reservations,
            (select count(*) from ledger.upload_session)::int as uploads`,
  );
  return rows[0] ?? { reservations: 0, uploads: 0 };
}
