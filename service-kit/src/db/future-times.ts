import { Counter, type Registry } from "prom-client";
import type { Logger } from "../log.js";
import { lastingWarning } from "../lasting-failure.js";
import { repeating } from "../repeating.js";
import type { Component } from "../run-until-signal.js";
import type { Database, Transaction } from "./pool.js";

/** A column with times that are compared with the database's clock: when a lease ends, something is due, or began. */
export interface WrittenTime {
  /** With its schema. */
  readonly table: string;
  readonly column: string;
  /** Seconds that it lies ahead of the clock at most when it is written. */
  readonly mostSeconds: number;
  /** Which rows count; that of the column's index where there is one. Absent: all. */
  readonly where?: string;
  /** What puts it right; absent: it lies ahead as far as it may. */
  readonly set?: string;
}

/** What looking for such times needs. */
export interface FutureTimesDeps {
  readonly db: Database;
  readonly log: Pick<Logger, "error" | "warn">;
  readonly metrics: { readonly registry: Registry };
}

const EVERY_MILLISECONDS = 10_000;
/** A statement that waits for a row is dated by its transaction's begin. */
const SLACK_SECONDS = 30;

/**
 * A database's clock may be ahead for a moment: a boot before NTP, a failover to a badly set machine. What was written then would
 * keep tags reserved, queues waiting and passes from beginning until the clock has caught up. A time that lies further ahead than
 * it can was not written by this clock: it counts from now.
 *
 * @param times - which columns have such times
 * @param deps - ledger, log and metrics
 * @returns a component that looks at its start and every ten seconds
 */
export function futureTimes(times: readonly WrittenTime[], deps: FutureTimesDeps): Component {
  const failing = lastingWarning(deps.log, "database.times-unchecked");
  const corrected = new Counter({
    name: "database_times_corrected_total",
    help: "Times in the database that lay further ahead of its clock than they can, and count from now",
    registers: [deps.metrics.registry],
  });
  return repeating("written times", 0, async () => {
    try {
      const found = await correctFutureTimes(times, deps);
      corrected.inc(found.reduce((sum, { rows }) => sum + rows, 0));
      failing.worked();
    } catch (error) {
      failing.failed(error);
    }
    return EVERY_MILLISECONDS;
  });
}

/** What was put right in a column. */
export interface CorrectedTimes {
  readonly column: string;
  readonly rows: number;
  /** How far the latest lay ahead of the clock. */
  readonly aheadSeconds: number;
}

/**
 * Looks once.
 *
 * @param times - which columns have such times
 * @param deps - ledger, and where it is told
 * @returns what was put right
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function correctFutureTimes(
  times: readonly WrittenTime[],
  { db, log }: Pick<FutureTimesDeps, "db" | "log">,
): Promise<CorrectedTimes[]> {
  const { rows } = await db.query<{ index: number; aheadSeconds: number }>(
    times.map(lookFor).join("\nunion all\n"),
  );
  const found = rows.filter(({ aheadSeconds }) => aheadSeconds > 0);
  if (found.length === 0) return [];
  const corrected = await db.transaction(async (tx) => {
    const done: CorrectedTimes[] = [];
    for (const { index, aheadSeconds } of found) {
      const time = times[index];
      if (time !== undefined) done.push({ column: `${time.table}.${time.column}`, aheadSeconds, rows: await correct(tx, time) }); // prettier-ignore
    }
    return done;
  });
  const hours = Math.max(...corrected.map(({ aheadSeconds }) => aheadSeconds)) / 3_600;
  const message =
    `Postgres' clock was up to ${hours.toFixed(1)} hours ahead of what it says now when these times were written, or it is behind ` +
    "now: they count from now; look after its clock (docs/operations.md)";
  log.error({ event: "database.times-ahead", corrected, message });
  return corrected;
}

function isAhead({ column, mostSeconds, where = "true" }: WrittenTime): string {
  const most = mostSeconds + SLACK_SECONDS;
  return `${where} and ${column} > clock_timestamp() + interval '${most} seconds'`;
}

function lookFor(time: WrittenTime, index: number): string {
  return `select ${index} as index,
      coalesce(extract(epoch from max(${time.column}) - clock_timestamp()), 0)::float8 as "aheadSeconds"
    from ${time.table} where ${isAhead(time)}`;
}

async function correct(tx: Transaction, time: WrittenTime): Promise<number> {
  const { table, column, mostSeconds } = time;
  const set = time.set ?? `${column} = clock_timestamp() + interval '${mostSeconds} seconds'`;
  const { rowCount } = await tx.query(`update ${table} set ${set} where ${isAhead(time)}`);
  return rowCount ?? 0;
}
