import type { CountedPulls } from "#gateway/pulls/pull.js";
import type { Queryable } from "#service-kit/db/pool.js";

/**
 * @param change - what is not one pull of `alpha/app:1.0` by alice, now
 * @returns pulls, as gateways count them
 */
export function countedPulls(change: Partial<CountedPulls> = {}): CountedPulls {
  return {
    ...{ repository: "alpha/app", tag: "1.0", digest: `sha256:${"a".repeat(64)}`, count: 1 },
    ...{ uid: "alice", realm: "", kind: "oauth2", address: "192.0.2.1" },
    ...{ userAgent: "", userAgents: [""], firstAt: new Date(), lastAt: new Date() },
    ...change,
  };
}

/** What a caller pulled on a day, as it stands in the ledger. */
export interface PullDay {
  /** Days before today, by the database's clock (UTC). */
  readonly ago: number;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly caller: string;
  readonly uid: string;
  readonly count: number;
}

const USUAL: PullDay = {
  ...{ ago: 0, repository: "alpha/app", tag: "1.0", digest: `sha256:${"a".repeat(64)}` },
  ...{ caller: "c", uid: "bob", count: 1 },
};

/**
 * Puts records of days into the ledger past the gateways, which write those of today alone.
 *
 * @param db - ledger
 * @param days - what is not one pull of `alpha/app:1.0` by bob, today
 */
export async function insertPullDays(
  db: Queryable,
  days: readonly Partial<PullDay>[],
): Promise<void> {
  await db.query(
    `insert into ledger.pull_day (day, repository, tag, digest, caller, uid, realm, kind, address, count, first_at, last_at)
     select (now() at time zone 'UTC')::date - ago, repository, tag, digest, caller, uid, '', 'oauth2', '', count, now(), now()
     from json_to_recordset($1::json)
       as one (ago int, repository text, tag text, digest text, caller text, uid text, count bigint)`,
    [JSON.stringify(days.map((day) => ({ ...USUAL, ...day })))],
  );
}
