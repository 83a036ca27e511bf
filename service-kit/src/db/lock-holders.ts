import { SUBJECT_LOCKS, WORK_LOCKS, type SubjectLock, type WorkLock } from "./locks.js";
import type { Queryable } from "./pool.js";

/** Somebody who holds one of our locks, or waits for it. */
export interface LockHolder {
  readonly lock: WorkLock | SubjectLock;
  readonly isHeld: boolean;
  /** As it calls itself to Postgres: `gateway`, `exclusive work: discovery`. */
  readonly application: string;
  /** `null`: on Postgres' own machine, or another role's whose address is not shown to this one. */
  readonly address: string | null;
  /** For how long its transaction, or else its connection, has been there; `null` when that is not shown. */
  readonly seconds: number | null;
}

interface Row extends Omit<LockHolder, "lock"> {
  readonly key: string;
  readonly hasSubject: boolean;
}

/**
 * @param db - pool
 * @returns who holds which of our locks in this database, or waits for it
 */
export async function lockHolders(db: Queryable): Promise<LockHolder[]> {
  const { rows } = await db.query<Row>(
    `select held.objsubid = 2 as "hasSubject", held.granted as "isHeld",
            case held.objsubid when 2 then held.classid::bigint
                 else (held.classid::bigint << 32) | held.objid::bigint end::text as key,
            coalesce(nullif(activity.application_name, ''), 'process ' || held.pid) as application,
            host(activity.client_addr) as address,
            extract(epoch from clock_timestamp() - coalesce(activity.xact_start, activity.backend_start))::float8
              as seconds
     from pg_locks as held left join pg_stat_activity as activity using (pid)
     where held.locktype = 'advisory'
       and held.database = (select oid from pg_database where datname = current_database())
     order by held.granted desc, seconds desc nulls last`,
  );
  return rows.flatMap(({ key, hasSubject, ...holder }) => {
    const lock = hasSubject ? nameOf(SUBJECT_LOCKS, key) : nameOf(WORK_LOCKS, key);
    return lock === null ? [] : [{ lock, ...holder }];
  });
}

/**
 * @param holders - holders of locks
 * @param only - the lock that matters; absent: all of them
 * @returns a line for each
 */
export function holderLines(holders: readonly LockHolder[], only?: LockHolder["lock"]): string[] {
  return holders
    .filter(({ lock }) => only === undefined || lock === only)
    .map(({ lock, isHeld, application, address, seconds }) => {
      const who = `${application}${address === null ? "" : ` at ${address}`}`;
      const since = seconds === null ? "" : ` for ${Math.round(seconds)} s`;
      return `lock ${lock}: ${isHeld ? "held" : "waited for"} by ${who}${since}`;
    });
}

function nameOf<Name extends string>(
  locks: Readonly<Record<Name, number>>,
  key: string,
): Name | null {
  const names = Object.keys(locks) as Name[];
  return names.find((name) => String(locks[name]) === key) ?? null;
}
